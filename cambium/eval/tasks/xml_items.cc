#include "cambium/eval/tasks/xml_items.h"

#include <algorithm>
#include <charconv>

#include "cambium/base/error.h"
#include "cambium/base/text.h"
#include "cambium/text/utf8.h"

namespace cambium::eval {
namespace {

using formats::Json;

class Reader {
 public:
  Reader(std::string_view xml, const std::string& what) : xml_(xml), what_(what) {
    if (const size_t wrong = find_invalid_utf8(xml); wrong != std::string_view::npos) {
      bad_input("{}: byte {}: invalid UTF-8", what, wrong);
    }
  }

  void items(std::string_view element, const std::function<void(Json, const std::string&)>& each) {
    while (skip_to_tag()) {
      const size_t begin = at_;
      Tag tag = read_tag();
      if (tag.name == element && !tag.closing) {
        const std::string place = format("{}: line {}", what_, line(begin));
        if (!tag.empty) {
          children(tag);
        }
        each(std::move(tag.values), place);
      }
    }
  }

 private:
  struct Tag {
    std::string name;
    bool closing = false, empty = false;
    Json values = Json::object();  ///< attributes
  };

  int64_t line(size_t at) const { return 1 + std::count(xml_.begin(), xml_.begin() + static_cast<int64_t>(at), '\n'); }

  [[noreturn]] void refuse(std::string_view expected) const {
    bad_input("{}: line {}: expected {}, found `{}`", what_, line(std::min(at_, xml_.size())), expected,
              xml_.substr(std::min(at_, xml_.size()), 20));
  }

  /// To the next tag, past text, comments and the head of the file.
  bool skip_to_tag() {
    for (;;) {
      at_ = xml_.find('<', at_);
      if (at_ == std::string_view::npos) {
        at_ = xml_.size();
        return false;
      }
      const std::string_view rest = xml_.substr(at_);
      const std::string_view end = rest.starts_with("<!--") ? "-->" : rest.starts_with("<?") ? "?>" : "";
      if (end.empty()) {
        return true;
      }
      at_ = xml_.find(end, at_);
      if (at_ == std::string_view::npos) {
        refuse(format("`{}`", end));
      }
      at_ += end.size();
    }
  }

  void spaces() {
    while (at_ < xml_.size() && std::string_view(" \t\r\n").find(xml_[at_]) != std::string_view::npos) {
      ++at_;
    }
  }

  bool take(char c) {
    const bool there = at_ < xml_.size() && xml_[at_] == c;
    at_ += there ? 1 : 0;
    return there;
  }

  std::string name() {
    const size_t begin = at_;
    while (at_ < xml_.size() && std::string_view(" \t\r\n=/><\"'!&").find(xml_[at_]) == std::string_view::npos) {
      ++at_;
    }
    if (begin == at_) {
      refuse("a name");
    }
    return std::string(xml_.substr(begin, at_ - begin));
  }

  Tag read_tag() {
    take('<');
    Tag tag;
    tag.closing = take('/');
    tag.name = name();
    for (spaces(); !take('>'); spaces()) {
      if (take('/')) {
        tag.empty = true;
        continue;
      }
      const std::string key = name();
      spaces();
      if (!take('=')) {
        refuse("`=` behind an attribute's name");
      }
      spaces();
      const char quote = at_ < xml_.size() ? xml_[at_] : '\0';
      if (quote != '"' && quote != '\'') {
        refuse("a quoted value");
      }
      ++at_;
      tag.values[key] = text_until(quote);
      ++at_;
    }
    return tag;
  }

  std::string text_until(char end) {
    std::string out;
    for (; at_ < xml_.size() && xml_[at_] != end; ++at_) {
      if (xml_[at_] == '&') {
        entity(out);
      } else {
        out.push_back(xml_[at_]);
      }
    }
    if (at_ == xml_.size()) {
      refuse(format("`{}`", end));
    }
    return out;
  }

  void entity(std::string& out) {
    const size_t end = xml_.find(';', at_);
    const std::string_view name = end == std::string_view::npos ? "" : xml_.substr(at_ + 1, end - at_ - 1);
    constexpr std::pair<std::string_view, char> kNamed[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    const auto* named = std::find_if(std::begin(kNamed), std::end(kNamed), [&](auto& e) { return e.first == name; });
    if (named != std::end(kNamed)) {
      out.push_back(named->second);
    } else {
      const bool hex = name.starts_with("#x");
      const std::string_view digits = name.substr(std::min<size_t>(name.size(), hex ? 2 : 1));
      uint32_t code = 0;
      const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
      const bool character = code > 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
      if (!name.starts_with('#') || digits.empty() || read.ptr != digits.data() + digits.size() || !character) {
        refuse("an entity (&amp; &lt; &gt; &quot; &apos; or the number of a character)");
      }
      text::append_utf8(static_cast<char32_t>(code), out);
    }
    at_ = end;
  }

  void children(Tag& parent) {
    for (;;) {
      if (!skip_to_tag()) {
        refuse(format("</{}>", parent.name));
      }
      Tag child = read_tag();
      if (child.closing) {
        if (child.name != parent.name) {
          refuse(format("</{}> before this", parent.name));
        }
        return;
      }
      if (parent.values.contains(child.name)) {
        refuse(format("one `{}` in `{}`, before this", child.name, parent.name));
      }
      std::string text;
      if (!child.empty) {
        text = text_until('<');
        const Tag end = read_tag();
        if (!end.closing || end.name != child.name) {
          refuse(format("text and </{}> before this", child.name));
        }
      }
      parent.values[child.name] = std::move(text);
    }
  }

  std::string_view xml_;
  const std::string& what_;
  size_t at_ = 0;
};

}  // namespace

void read_xml_items(std::string_view xml, const std::string& what, std::string_view element,
                    const std::function<void(Json item, const std::string& place)>& each) {
  Reader(xml, what).items(element, each);
}

}  // namespace cambium::eval
