#pragma once

#include <cstdint>
#include <vector>

#include "workload/schedule.h"

namespace tokamark::workload {

/// One prompt of category "synthetic" for each asked length, made of random words of words.h,
/// one token a word. With salting on, the salt's words count towards the length: the text is
/// `kSaltWords` words shorter, and at least one word. Texts are distinct as far as their length
/// allows. Deterministic in `seed`. Chat templates add their own tokens on the server; the
/// measured prompt length is the server's count.
std::vector<Prompt> synthetic_prompts(const std::vector<std::uint32_t>& lengths, Salting salting,
                                      std::uint64_t seed);

/// Positions of `count` prompts in an order that issues each prompt equally often: shuffled copies
/// of 0..count-1, one after the other, as many whole copies as are needed for `least` positions.
std::vector<std::uint32_t> equal_issue_order(std::uint32_t count, std::size_t least,
                                             std::uint64_t seed);

}  // namespace tokamark::workload
