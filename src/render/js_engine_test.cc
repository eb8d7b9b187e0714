#include "render/js_engine.h"

#include <gtest/gtest.h>

namespace tokamark::render {
namespace {

double ten_a_letter(const std::string& text, const TextStyle& style) {
  return 10.0 * static_cast<double>(text.size()) * style.size;
}

TEST(JsEngine, CallsFromTextToText) {
  JsEngine engine(ten_a_letter);
  ASSERT_TRUE(engine.run("function twice(text) { return text + text; }", "a.js").has_value());
  EXPECT_EQ(engine.call("twice", "é\"").value(), "é\"é\"");
}

TEST(JsEngine, SettledPromisesHaveRunWhenACallReturns) {
  JsEngine engine(ten_a_letter);
  ASSERT_TRUE(engine
                  .run("var seen = '';"
                       "function start() { Promise.resolve('ran').then(t => { seen = t; }); }"
                       "function look() { return seen; }",
                       "a.js")
                  .has_value());
  ASSERT_TRUE(engine.call("start", "").has_value());
  EXPECT_EQ(engine.call("look", "").value(), "ran");
}

TEST(JsEngine, MeasuresThroughTheProgram) {
  JsEngine engine(ten_a_letter);
  ASSERT_TRUE(
      engine.run("function f(t) { return hostWidth(t, 2, 'italic', '600'); }", "a.js").has_value());
  EXPECT_EQ(engine.call("f", "abc").value(), "60");
}

TEST(JsEngine, WhatIsThrownIsAnErrorWithItsPlace) {
  JsEngine engine(ten_a_letter);
  const auto syntax = engine.run("function (", "broken.js");
  ASSERT_TRUE(syntax.has_error());
  EXPECT_EQ(syntax.error().message.find("broken.js: SyntaxError"), 0U) << syntax.error().message;
  ASSERT_TRUE(engine.run("function bad() { throw new Error('why'); }", "a.js").has_value());
  EXPECT_EQ(engine.call("bad", "").error().message, "bad: Error: why");
  EXPECT_EQ(engine.call("nothing", "").error().message, "nothing is no function");
}

TEST(JsEngine, HasNoWayOut) {
  JsEngine engine(ten_a_letter);
  ASSERT_TRUE(
      engine
          .run("function f() { return ['fetch', 'XMLHttpRequest', 'require', 'process', "
               "'document', 'load', 'read', 'print'].filter(n => n in globalThis).join(); }",
               "a.js")
          .has_value());
  EXPECT_EQ(engine.call("f", "").value(), "");
}

}  // namespace
}  // namespace tokamark::render
