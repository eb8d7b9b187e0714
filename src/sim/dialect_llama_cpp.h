#pragma once

#include "sim/dialect.h"

namespace tokamark::sim {

/// llama.cpp's llama-server, as captured from build b11434.
class LlamaCppDialect final : public Dialect {
 public:
  [[nodiscard]] HeadersAt headers_at() const override { return HeadersAt::arrival; }
  [[nodiscard]] BodyRules body_rules() const override;
  [[nodiscard]] std::string response_id(Api api, std::uint64_t serial) const override;
  [[nodiscard]] std::string stream_head(const HeadContext& context) const override;
  [[nodiscard]] std::string answer_bytes(const Answer& answer,
                                         const HeadContext& context) const override;
  void append_token(const Reply& reply, const Token& token, std::string& out) const override;
  [[nodiscard]] std::string whole_body(const Reply& reply, const Token& last,
                                       std::string_view text) const override;
  [[nodiscard]] Answer problem_answer(const Problem& problem,
                                      const ServerFacts& facts) const override;
  [[nodiscard]] Answer failure_answer(int status, std::string_view message) const override;
  void append_failure(const Reply& reply, std::string_view message,
                      std::string& out) const override;
  [[nodiscard]] std::string models_body(const ServerFacts& facts) const override;
  [[nodiscard]] std::string tokenize_body(const std::vector<std::int64_t>& ids,
                                          const ServerFacts& facts) const override;
  [[nodiscard]] std::optional<Answer> own_route(std::string_view method, std::string_view path,
                                                const ServerFacts& facts,
                                                const EngineCounters& counters) const override;
};

}  // namespace tokamark::sim
