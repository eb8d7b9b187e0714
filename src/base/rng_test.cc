#include "base/rng.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tokamark::base {
namespace {

// Reference outputs of SplitMix64 seeded with 1234567, as published with the reference code by
// S. Vigna (rosettacode.org "Pseudo-random numbers/Splitmix64").
TEST(Rng, GivesThePublishedSplitMix64Sequence) {
  Rng rng(1234567);
  EXPECT_EQ(rng.next(), 6457827717110365317ULL);
  EXPECT_EQ(rng.next(), 3203168211198807973ULL);
  EXPECT_EQ(rng.next(), 9817491932198370423ULL);
  EXPECT_EQ(rng.next(), 4593380528125082431ULL);
  EXPECT_EQ(rng.next(), 16408922859458223821ULL);
}

struct Moments {
  double mean = 0, cv = 0;
};

template <typename Draw>
Moments moments(Draw draw, int n) {
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / n;
  return {mean, std::sqrt(squares / n - mean * mean) / mean};
}

// Bounds are 5 standard errors: of a mean, cv / sqrt(n); of a cv of gamma(k) gaps, below
// sqrt((3/k + 3) / n) (delta method with the gamma's fourth moment, rounded up).
TEST(Rng, ExponentialHasMeanOneAndCvOne) {
  Rng rng(7);
  const Moments m = moments([&] { return rng.exponential(); }, 200000);
  EXPECT_NEAR(m.mean, 1.0, 5.0 / std::sqrt(200000.0));
  EXPECT_NEAR(m.cv, 1.0, 5.0 * std::sqrt(6.0 / 200000.0));
}

TEST(Rng, GammaHasMeanOneAndTheAskedCvAboveAndBelowShapeOne) {
  for (const double cv : {0.5, 2.0}) {
    const double shape = 1.0 / (cv * cv);
    Rng rng(11);
    const Moments m = moments([&] { return rng.gamma_mean_one(shape); }, 200000);
    EXPECT_NEAR(m.mean, 1.0, 5.0 * cv / std::sqrt(200000.0));
    EXPECT_NEAR(m.cv, cv, 5.0 * cv * std::sqrt((3.0 / shape + 3.0) / 200000.0));
  }
}

TEST(Rng, BelowStaysBelowAndReachesEveryValue) {
  Rng rng(3);
  bool seen[7] = {};
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t x = rng.below(7);
    ASSERT_LT(x, 7U);
    seen[x] = true;
  }
  for (const bool s : seen) EXPECT_TRUE(s);
}

TEST(DeriveSeed, DiffersByLabelAndBySeed) {
  EXPECT_NE(derive_seed(1, "a"), derive_seed(1, "b"));
  EXPECT_NE(derive_seed(1, "a"), derive_seed(2, "a"));
  EXPECT_EQ(derive_seed(1, "a"), derive_seed(1, "a"));
}

}  // namespace
}  // namespace tokamark::base
