#pragma once

#include "sim/dialect.h"

namespace tokamark::sim {

/// SGLang's OpenAI server, from its source (0.5.13); no byte of it was captured.
class SglangDialect final : public Dialect {
 public:
  /// `reported` stands for a server started with --enable-cache-report.
  explicit SglangDialect(CachedTokenReport cached_tokens) : cached_tokens_(cached_tokens) {}

  [[nodiscard]] HeadersAt headers_at() const override { return HeadersAt::first_token; }
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

 private:
  CachedTokenReport cached_tokens_;
};

}  // namespace tokamark::sim
