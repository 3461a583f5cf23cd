#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cambium/formats/json.h"

namespace cambium::eval {

/// Calls `each` for every element of that name, which holds only attributes and child elements with text: an object of
/// both. Knows what such a file needs (five entities, numbers of characters, comments); anything else - nested
/// children, CDATA, a DOCTYPE - throws InvalidInput with the line.
void read_xml_items(std::string_view xml, const std::string& what, std::string_view element,
                    const std::function<void(formats::Json item, const std::string& place)>& each);

}  // namespace cambium::eval
