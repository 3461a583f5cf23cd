#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cambium::dist {

/// Something that must be the same on all ranks, as text: the program's version, the lines of a configuration.
struct Fact {
  std::string name;
  std::string value;
};

/// What a rank brings to an agreement, as one text and back.
std::string pack(const std::vector<Fact>& facts);
std::vector<Fact> unpack(const std::string& text);

/// The first fact in which a rank differs from rank 0, as a sentence without its subject ("has another configuration:
/// `lr = 2` where rank 0 has `lr = 1`"); "" where they agree.
std::string difference(const std::vector<Fact>& facts, const std::vector<Fact>& of_rank_0);

}  // namespace cambium::dist
