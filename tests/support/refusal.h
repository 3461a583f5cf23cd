#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "cambium/base/error.h"

namespace cambium {

/// Runs `work`, which must throw InvalidInput, and gives its message.
template <typename Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const InvalidInput& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "expected InvalidInput, got: " << error.what();
    return "";
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

/// EXPECT that the refusal's message holds every one of the parts.
#define EXPECT_REFUSAL(work, ...)                                                             \
  do {                                                                                        \
    const std::string refusal_message = ::cambium::refusal([&] { work; });                    \
    for (const std::string& refusal_part : std::initializer_list<std::string>{__VA_ARGS__}) { \
      EXPECT_NE(refusal_message.find(refusal_part), std::string::npos)                        \
          << "expected `" << refusal_part << "` in: " << refusal_message;                     \
    }                                                                                         \
  } while (false)

}  // namespace cambium
