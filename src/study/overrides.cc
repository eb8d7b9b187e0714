#include "study/overrides.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "study/check.h"
#include "study/wording.h"

namespace tokamark::study {

namespace {

/// Follows one path through the tree and the rules at once.
class Walk {
 public:
  Walk(Tree& study, const MappingRule& rules, const Source& source, int index)
      : node_(&study), mapping_(&rules), source_(source), origin_{1, 1, index} {}

  /// The node that the path names, made if need be.
  base::Result<Tree*> find(std::string_view path) {
    if (path.empty()) return error("a path is missing, as in --set window.seconds=4");
    while (!path.empty()) {
      if (list_ != nullptr) {
        TOKAMARK_TRY_VOID(enter_item(take_part(path)));
      } else if (free_) {
        enter_entry(std::string(path));
        free_ = false;
        path = {};
      } else if (mapping_ != nullptr) {
        TOKAMARK_TRY_VOID(enter_key(take_part(path), path));
      } else {
        return error(fmt::format("{} holds one value; nothing lies below it", walked_));
      }
    }
    return node_;
  }

 private:
  static std::string take_part(std::string_view& path) {
    const std::size_t dot = path.find('.');
    std::string part(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    return part;
  }

  [[nodiscard]] base::Error error(const std::string& what) const {
    return source_.error(origin_, what);
  }

  /// Goes to an entry of a mapping; a node that is no mapping becomes one.
  void enter_entry(const std::string& name) {
    if (node_->kind != Tree::Kind::map) {
      *node_ = Tree();
      node_->kind = Tree::Kind::map;
      node_->origin = origin_;
    }
    walked_ += (walked_.empty() ? "" : ".") + name;
    for (std::size_t i = 0; i < node_->keys.size(); ++i) {
      if (node_->keys[i].text != name) continue;
      node_ = &node_->items[i];
      return;
    }
    Tree made;
    made.origin = origin_;
    node_->keys.push_back({name, origin_});
    node_->items.push_back(std::move(made));
    node_ = &node_->items.back();
  }

  base::Result<void> enter_key(const std::string& name, std::string_view rest) {
    const KeyRule* key = mapping_->find(name);
    if (key == nullptr) return error(unknown_key(name, walked_, *mapping_));
    enter_entry(name);
    const bool position = !rest.empty() && rest[0] >= '0' && rest[0] <= '9';
    const ValueRule* chosen = &key->forms.front();
    for (const ValueRule& form : key->forms) {
      const bool inner = position ? form.shape == Shape::list : form.shape == Shape::mapping;
      if (inner) chosen = &form;
    }
    follow(*chosen);
    return base::ok();
  }

  base::Result<void> enter_item(const std::string& part) {
    std::size_t index = 0;
    const char* end = part.data() + part.size();
    const auto read = std::from_chars(part.data(), end, index);
    if (read.ec != std::errc() || read.ptr != end || part.empty()) {
      return error(
          fmt::format("{} is a list; name a position from 0, not {}", walked_, shown(part)));
    }
    if (node_->kind != Tree::Kind::list || index >= node_->items.size()) {
      return error(fmt::format("{} has {} items, numbered from 0; there is no {}", walked_,
                               node_->items.size(), index));
    }
    node_ = &node_->items[index];
    walked_ += "." + part;
    follow(*list_);
    return base::ok();
  }

  void follow(const ValueRule& rule) {
    mapping_ = rule.shape == Shape::mapping ? rule.mapping.get() : nullptr;
    list_ = rule.shape == Shape::list ? rule.item.get() : nullptr;
    free_ = rule.shape == Shape::texts;
  }

  Tree* node_;
  const MappingRule* mapping_;       ///< of the node, when it is a mapping
  const ValueRule* list_ = nullptr;  ///< of the node's items, when it is a list
  bool free_ = false;                ///< the node is a mapping with free keys
  const Source& source_;
  Origin origin_;
  std::string walked_;
};

}  // namespace

base::Result<void> apply_overrides(Tree& study, const MappingRule& rules, const Source& source) {
  if (study.kind != Tree::Kind::map) return base::ok();
  for (std::size_t i = 0; i < source.overrides.size(); ++i) {
    TOKAMARK_TRY(auto value, parse_override_value(source, i));
    Walk walk(study, rules, source, static_cast<int>(i));
    TOKAMARK_TRY(Tree * place, walk.find(source.overrides[i].path));
    *place = std::move(value);
  }
  return base::ok();
}

}  // namespace tokamark::study
