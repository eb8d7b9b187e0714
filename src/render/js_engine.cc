#include "render/js_engine.h"

#include <JavaScriptCore/JavaScript.h>

#include <vector>

namespace tokamark::render {

struct JsEngine::State {
  MeasureText measure;
  JSGlobalContextRef context = nullptr;
  JSClassRef measure_class = nullptr;
};

namespace {

/// A string of the engine, released with this.
class JsText {
 public:
  explicit JsText(const std::string& text) : text_(JSStringCreateWithUTF8CString(text.c_str())) {}
  explicit JsText(JSStringRef owned) : text_(owned) {}
  ~JsText() {
    if (text_ != nullptr) JSStringRelease(text_);
  }
  JsText(const JsText&) = delete;
  JsText& operator=(const JsText&) = delete;

  [[nodiscard]] JSStringRef get() const { return text_; }

  [[nodiscard]] std::string to_utf8() const {
    if (text_ == nullptr) return "";
    std::vector<char> bytes(JSStringGetMaximumUTF8CStringSize(text_));
    const std::size_t used = JSStringGetUTF8CString(text_, bytes.data(), bytes.size());
    return used == 0 ? "" : std::string(bytes.data(), used - 1);
  }

 private:
  JSStringRef text_;
};

std::string to_text(JSContextRef context, JSValueRef value) {
  return JsText(JSValueToStringCopy(context, value, nullptr)).to_utf8();
}

base::Error thrown(JSContextRef context, JSValueRef exception, const std::string& where) {
  return base::Error{base::ErrorKind::internal, where + ": " + to_text(context, exception)};
}

JSValueRef measure_text(JSContextRef context, JSObjectRef function, JSObjectRef /*self*/,
                        std::size_t count, const JSValueRef arguments[],
                        JSValueRef* /*exception*/) {
  const auto* measure = static_cast<const MeasureText*>(JSObjectGetPrivate(function));
  if (count < 4 || measure == nullptr) return JSValueMakeNumber(context, 0.0);
  const TextStyle style{JSValueToNumber(context, arguments[1], nullptr),
                        to_text(context, arguments[2]), to_text(context, arguments[3])};
  return JSValueMakeNumber(context, (*measure)(to_text(context, arguments[0]), style));
}

}  // namespace

JsEngine::JsEngine(MeasureText measure) : state_(std::make_unique<State>()) {
  state_->measure = std::move(measure);
  state_->context = JSGlobalContextCreate(nullptr);
  JSClassDefinition definition = kJSClassDefinitionEmpty;
  definition.callAsFunction = measure_text;
  state_->measure_class = JSClassCreate(&definition);
  JSObjectRef function = JSObjectMake(state_->context, state_->measure_class, &state_->measure);
  JSObjectSetProperty(state_->context, JSContextGetGlobalObject(state_->context),
                      JsText(std::string("hostWidth")).get(), function,
                      kJSPropertyAttributeReadOnly | kJSPropertyAttributeDontDelete, nullptr);
}

JsEngine::~JsEngine() {
  JSClassRelease(state_->measure_class);
  JSGlobalContextRelease(state_->context);
}

base::Result<void> JsEngine::run(std::string_view script, const std::string& name) {
  JSValueRef exception = nullptr;
  JSEvaluateScript(state_->context, JsText(std::string(script)).get(), nullptr, JsText(name).get(),
                   1, &exception);
  if (exception != nullptr) return thrown(state_->context, exception, name);
  return base::ok();
}

base::Result<std::string> JsEngine::call(const std::string& function, const std::string& argument) {
  JSContextRef context = state_->context;
  JSValueRef exception = nullptr;
  JSValueRef found = JSObjectGetProperty(context, JSContextGetGlobalObject(context),
                                         JsText(function).get(), &exception);
  if (exception != nullptr) return thrown(context, exception, function);
  JSObjectRef callable = JSValueToObject(context, found, &exception);
  if (exception != nullptr || !JSObjectIsFunction(context, callable)) {
    return base::Error{base::ErrorKind::internal, function + " is no function"};
  }
  JSValueRef argument_value = JSValueMakeString(context, JsText(argument).get());
  JSValueRef result =
      JSObjectCallAsFunction(context, callable, nullptr, 1, &argument_value, &exception);
  if (exception != nullptr) return thrown(context, exception, function);
  return to_text(context, result);
}

}  // namespace tokamark::render
