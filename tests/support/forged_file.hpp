// Files of stores as bytes, to be damaged and forged.
//
// Thread safety: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::test {

/// The bytes of a closed store; pages of zeros are left out.
class file_image {
public:
    static constexpr std::size_t page_bytes = 4096;

    [[nodiscard]] static file_image of(const std::filesystem::path& path);

    /// Makes the file at `path` hold these bytes: the same file if it exists, with holes where there are zeros.
    void write_to(const std::filesystem::path& path) const;

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// May also grow it, by zeros.
    void resize(std::uint64_t size);
    /// The offsets of the pages that are not all zeros, rising.
    [[nodiscard]] std::vector<std::uint64_t> pages() const;

    template <class T>
    [[nodiscard]] T read(std::uint64_t offset) const {
        T value{};
        copy_out(offset, reinterpret_cast<std::byte*>(&value), sizeof value);
        return value;
    }
    template <class T>
    void write(std::uint64_t offset, const T& value) {
        copy_in(offset, reinterpret_cast<const std::byte*>(&value), sizeof value);
    }

private:
    struct page {
        std::uint64_t offset = 0;
        std::vector<std::byte> bytes;
    };
    void copy_out(std::uint64_t offset, std::byte* to, std::size_t size) const;
    void copy_in(std::uint64_t offset, const std::byte* from, std::size_t size);
    [[nodiscard]] page& page_at(std::uint64_t offset);

    std::uint64_t size_ = 0;
    std::vector<page> pages_; ///< in rising order of offsets
};

/// One way to damage an image, chosen by `random`; returns what it was, for the message of a failure.
std::string forge(file_image& image, std::mt19937_64& random);

} // namespace holdfast::test
