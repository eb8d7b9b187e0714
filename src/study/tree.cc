#include "study/tree.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <set>

#include "workload/yaml_document.h"

namespace tokamark::study {

namespace {

constexpr std::size_t kMaxYamlBytes = 4U << 20U;
constexpr std::size_t kMaxValues = 100'000;
constexpr int kMaxDepth = 32;

/// Copies a YAML node into a Tree, counting values against the bounds: aliases make a small file
/// as large as it likes, or endless.
class TreeBuilder {
 public:
  TreeBuilder(const Source& source, int override_index)
      : source_(source), override_index_(override_index) {}

  base::Result<Tree> build(const YAML::Node& node, const Origin& fallback, int depth) {
    Tree tree;
    tree.origin = origin_of(node.Mark(), fallback);
    if (++values_ > kMaxValues) return source_.error(tree.origin, "the study has too many values");
    if (depth > kMaxDepth) return source_.error(tree.origin, "values are nested too deeply");
    if (node.IsScalar()) {
      tree.kind = Tree::Kind::scalar;
      tree.quoting = node.Tag() == "?" ? Tree::Quoting::plain : Tree::Quoting::quoted;
      tree.text = node.Scalar();
    } else if (node.IsSequence()) {
      tree.kind = Tree::Kind::list;
      for (const YAML::Node& item : node) {
        TOKAMARK_TRY(auto child, build(item, tree.origin, depth + 1));
        tree.items.push_back(std::move(child));
      }
    } else if (node.IsMap()) {
      TOKAMARK_TRY_VOID(add_entries(node, tree, depth));
    }
    return tree;
  }

 private:
  base::Result<void> add_entries(const YAML::Node& node, Tree& tree, int depth) {
    tree.kind = Tree::Kind::map;
    std::set<std::string> seen;
    for (const auto& entry : node) {
      Tree::Key key;
      key.origin = origin_of(entry.first.Mark(), tree.origin);
      if (!entry.first.IsScalar()) return source_.error(key.origin, "a key must be a text");
      key.text = entry.first.Scalar();
      if (!seen.insert(key.text).second) {
        return source_.error(key.origin, "the key \"" + key.text + "\" is there twice");
      }
      TOKAMARK_TRY(auto child, build(entry.second, key.origin, depth + 1));
      // The library places a value that is left out at the token after it.
      if (child.kind == Tree::Kind::nothing) child.origin = key.origin;
      tree.keys.push_back(std::move(key));
      tree.items.push_back(std::move(child));
    }
    return base::ok();
  }

  [[nodiscard]] Origin origin_of(const YAML::Mark& mark, const Origin& fallback) const {
    if (override_index_ >= 0) return Origin{1, 1, override_index_};
    if (mark.is_null()) return fallback;
    return Origin{static_cast<std::uint32_t>(mark.line) + 1,
                  static_cast<std::uint32_t>(mark.column) + 1, -1};
  }

  const Source& source_;
  int override_index_;
  std::size_t values_ = 0;
};

Origin error_origin(const YAML::Mark& mark, int override_index) {
  Origin origin;
  origin.override_index = override_index;
  if (!mark.is_null()) {
    origin.line = static_cast<std::uint32_t>(mark.line) + 1;
    origin.column = static_cast<std::uint32_t>(mark.column) + 1;
  }
  return origin;
}

base::Result<Tree> parse(const std::string& yaml, const Source& source, int override_index) {
  const Origin start{1, 1, override_index};
  if (yaml.size() > kMaxYamlBytes) {
    return source.error(start, fmt::format("a study may have at most {} bytes", kMaxYamlBytes));
  }
  try {
    if (const auto second = workload::second_yaml_document(yaml)) {
      const Origin origin{static_cast<std::uint32_t>(second->line),
                          static_cast<std::uint32_t>(second->column), override_index};
      return source.error(origin, "something follows the study here; a study is one YAML document");
    }
    return TreeBuilder(source, override_index).build(YAML::Load(yaml), start, 0);
  } catch (const YAML::Exception& error) {
    return source.error(error_origin(error.mark, override_index), "not YAML: " + error.msg);
  }
}

}  // namespace

namespace {

/// Errors are printed as one line, and a value on the command line may hold several.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

}  // namespace

base::Error Source::error(const Origin& origin, const std::string& what) const {
  if (origin.override_index >= 0) {
    const Override& change = overrides[static_cast<std::size_t>(origin.override_index)];
    return {base::ErrorKind::usage,
            one_line(fmt::format("--set {}={}: {}", change.path, change.value, what))};
  }
  return {base::ErrorKind::study,
          one_line(fmt::format("{}:{}:{}: {}", file, origin.line, origin.column, what))};
}

base::Result<Tree> parse_tree(const std::string& yaml, const Source& source) {
  return parse(yaml, source, -1);
}

base::Result<Tree> parse_override_value(const Source& source, std::size_t index) {
  return parse(source.overrides[index].value, source, static_cast<int>(index));
}

}  // namespace tokamark::study
