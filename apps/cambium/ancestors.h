#pragma once

#include <vector>

#include "cambium/formats/json.h"
#include "cambium/growth/operator.h"

/// The layer that another comes from; null for one that is drawn anew.
inline cambium::formats::Json ancestor(int layer) {
  return layer == cambium::growth::kNoSource ? cambium::formats::Json(nullptr) : cambium::formats::Json(layer);
}

inline cambium::formats::Json ancestors(const std::vector<int>& layers) {
  cambium::formats::Json list = cambium::formats::Json::array();
  for (const int layer : layers) {
    list.push_back(ancestor(layer));
  }
  return list;
}
