#include "stats/student.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "base/assert.h"
#include "stats/quantile.h"

namespace tokamark::stats {

namespace {

MeanInterval make_interval(double mean, double standard_error, double dof, double confidence) {
  MeanInterval made{mean, mean, mean, standard_error, dof, mean == 0.0 ? 1.0 : 0.0};
  if (standard_error <= 0.0) return made;
  const boost::math::students_t_distribution<> t(dof);
  const double half = t_quantile(0.5 + confidence / 2.0, dof) * standard_error;
  made.low = mean - half;
  made.high = mean + half;
  made.p = 2.0 * boost::math::cdf(boost::math::complement(t, std::abs(mean) / standard_error));
  return made;
}

}  // namespace

double t_quantile(double p, double dof) {
  return boost::math::quantile(boost::math::students_t_distribution<>(dof), p);
}

double variance(std::span<const double> values) {
  TOKAMARK_ASSERT(values.size() >= 2);
  const double center = mean(values);
  double sum = 0.0;
  for (const double value : values) sum += (value - center) * (value - center);
  return sum / static_cast<double>(values.size() - 1);
}

std::optional<MeanInterval> t_interval(std::span<const double> values, double confidence) {
  if (values.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(values.size());
  return make_interval(mean(values), std::sqrt(variance(values) / n), n - 1.0, confidence);
}

std::optional<MeanInterval> welch_interval(std::span<const double> a, std::span<const double> b,
                                           double confidence) {
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const auto na = static_cast<double>(a.size());
  const auto nb = static_cast<double>(b.size());
  const double va = variance(a) / na;
  const double vb = variance(b) / nb;
  const double sum = va + vb;
  const double dof =
      sum > 0.0 ? sum * sum / (va * va / (na - 1.0) + vb * vb / (nb - 1.0)) : na + nb - 2.0;
  return make_interval(mean(a) - mean(b), std::sqrt(sum), dof, confidence);
}

}  // namespace tokamark::stats
