// What the tests of documents share: bytes as hexadecimal digits, and errors with their messages.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include <holdfast/document.hpp>
#include <holdfast/error.hpp>
#include <holdfast/json.hpp>

namespace holdfast::test {

[[nodiscard]] inline std::string from_hex(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    }
    return bytes;
}

[[nodiscard]] inline std::string to_hex(std::string_view bytes) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string digits;
    for (const char each : bytes) {
        digits += hex[static_cast<unsigned char>(each) >> 4];
        digits += hex[static_cast<unsigned char>(each) & 15];
    }
    return digits;
}

/// Expects an error with this code, in one line that contains a text.
template <class Function>
void expect_error(errc code, std::string_view part, const Function& function) {
    try {
        function();
        ADD_FAILURE() << "no error; expected one with: " << part;
    } catch (const error& failure) {
        EXPECT_EQ(failure.reason(), code) << failure.what();
        EXPECT_THAT(failure.what(), testing::HasSubstr(std::string(part)));
        EXPECT_THAT(failure.what(), testing::Not(testing::HasSubstr("\n")));
    }
}

/// The JSON of a value's document.
template <class T>
[[nodiscard]] std::string json_of(const T& value) {
    return document_to_json(to_document(value));
}

/// A value out of JSON.
template <class T>
[[nodiscard]] T from_json(std::string_view json) {
    return from_document<T>(document_from_json(json));
}

} // namespace holdfast::test
