// Records and separators: what is written is read, and what can't be one is refused.
#include <gtest/gtest.h>

#include <cstring>

#include "support.hpp"

namespace holdfast::test {
namespace {

using format::value_type;

class tree_record : public testing::Test {
protected:
    format::record_header& header(ref place) {
        return *reinterpret_cast<format::record_header*>(memory_.bytes(place));
    }

    void expect_corrupt(ref place) {
        try {
            static_cast<void>(read_record(memory_.view(), place));
            ADD_FAILURE() << "the record was accepted";
        } catch (const error& damage) {
            EXPECT_EQ(damage.reason(), errc::corrupt);
        }
    }

    memory_space memory_;
};

TEST_F(tree_record, is_read_as_it_was_written) {
    random_source random(1);
    for (unsigned i = 0; i < 500; ++i) {
        const std::string key = make_key(key_shape::mixed, random);
        const model_value value = make_value(random, memory_.transaction());
        const ref place = write_record(memory_, key, as_new(value));
        ASSERT_NO_FATAL_FAILURE(expect_record(read_record(memory_.view(), place), key, value));
        ASSERT_EQ(record_key(memory_.view(), place), key);
        ASSERT_EQ(read_record(memory_.view(), place).bytes, memory_.live().at(place.offset()).size);
        ASSERT_TRUE(record_is_sound(memory_.view(), place));
    }
}

TEST_F(tree_record, changed_in_any_byte_is_not_sound) {
    const ref place = write_record(memory_, "a key", {value_type::raw, "some bytes", 77});
    const record_view record = read_record(memory_.view(), place);
    for (std::uint64_t i = 0; i < record.bytes; ++i) {
        memory_.bytes(place)[i] ^= std::byte{4};
        bool sound = false;
        try {
            sound = record_is_sound(memory_.view(), place);
        } catch (const error& damage) {
            EXPECT_EQ(damage.reason(), errc::corrupt);
        }
        EXPECT_FALSE(sound) << "byte " << i;
        memory_.bytes(place)[i] ^= std::byte{4};
    }
    EXPECT_TRUE(record_is_sound(memory_.view(), place));
}

TEST_F(tree_record, of_the_greatest_key_and_of_a_large_value_is_whole) {
    const std::string key(format::key_bytes_max, 'k');
    const std::string value(std::size_t{64} << 20, 'v');
    const ref place = write_record(memory_, key, {value_type::string, value, 0});
    const record_view record = read_record(memory_.view(), place);
    EXPECT_TRUE(record.key == key && record.value == value);
    EXPECT_TRUE(record_is_sound(memory_.view(), place));
}

TEST_F(tree_record, with_an_impossible_header_is_refused) {
    const ref place = write_record(memory_, "key", {value_type::bytes, "value", 0});
    const format::record_header good = header(place);
    header(place).type = 0;
    expect_corrupt(place);
    header(place).flags = 0x80;
    expect_corrupt(place);
    header(place) = good;
}

TEST_F(tree_record, with_an_impossible_size_of_a_large_value_is_refused) {
    const std::string value(format::small_value_bytes_max + 1, 'v');
    const ref place = write_record(memory_, "key", {value_type::bytes, value, 0});
    ASSERT_EQ(read_record(memory_.view(), place).value, value);
    const auto set_size = [&](std::uint64_t size) {
        std::memcpy(memory_.bytes(place) + sizeof(format::record_header), &size, sizeof size);
    };
    for (const std::uint64_t size :
         {std::uint64_t{0}, format::small_value_bytes_max, format::value_bytes_max,
          format::value_bytes_max + 1, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
        set_size(size);
        expect_corrupt(place);
    }
    set_size(value.size());
    ASSERT_TRUE(record_is_sound(memory_.view(), place));
    header(place).value_size = 1;
    expect_corrupt(place);
}

TEST_F(tree_record, of_a_future_type_is_read_as_bytes) {
    for (unsigned type = 1; type < 256; ++type) {
        const ref place = write_record(memory_, "key", {static_cast<value_type>(type), "value", 0});
        const record_view record = read_record(memory_.view(), place);
        EXPECT_EQ(static_cast<unsigned>(record.type), type);
        EXPECT_EQ(record.value, "value");
        EXPECT_TRUE(record_is_sound(memory_.view(), place));
    }
}

TEST_F(tree_record, a_small_one_takes_16_bytes_beside_key_and_value) {
    const ref place = write_record(memory_, "key00000000000042", {value_type::int64, "8 bytes.", 0});
    EXPECT_EQ(read_record(memory_.view(), place).bytes, 16U + 17 + 8);
    const ref expiring = write_record(memory_, "key00000000000042", {value_type::int64, "8 bytes.", 77});
    EXPECT_EQ(read_record(memory_.view(), expiring).bytes, 16U + 17 + 8 + 8);
}

TEST_F(tree_record, keeps_a_long_value_at_a_multiple_of_64_whatever_the_key) {
    const auto address = [&](ref place) {
        return reinterpret_cast<std::uintptr_t>(read_record(memory_.view(), place).value.data());
    };
    for (std::size_t key_size = 0; key_size < 200; ++key_size) {
        const std::string key(key_size, 'k');
        for (const std::size_t size : {1024, 1025, 4000, 70'000}) {
            const std::string value(size, 'v');
            const ref place = write_record(memory_, key, {value_type::bytes, value, key_size % 2});
            ASSERT_EQ(address(place) % 64, 0U) << key_size;
            ASSERT_EQ(read_record(memory_.view(), place).value, value);
            ASSERT_TRUE(record_is_sound(memory_.view(), place));
        }
        const ref asked = write_record(memory_, key, {value_type::raw, "small", 0, true});
        ASSERT_EQ(address(asked) % 64, 0U);
        memory_.release(asked, read_record(memory_.view(), asked).bytes, memory_.transaction());
    }
}

TEST_F(tree_record, that_only_claims_to_be_aligned_is_refused) {
    const std::string value(1024, 'v');
    const ref place = write_record(memory_, "key", {value_type::bytes, value, 0});
    const record_view record = read_record(memory_.view(), place);
    const ref moved = ref::from_units(place.units() + 1);
    memory_.expect_forgery(); // the copy lies across the end of the object
    std::memmove(memory_.bytes(moved), memory_.bytes(place), record.bytes - ref::unit_bytes);
    expect_corrupt(moved);
    header(place).flags = 0;
    expect_corrupt(place);
}

TEST_F(tree_record, that_reaches_beyond_the_space_is_refused) {
    const ref place = write_record(memory_, "key", {value_type::bytes, "value", 0});
    header(place).key_size = 65535;
    expect_corrupt(place);
    EXPECT_THROW(static_cast<void>(record_key(memory_.view(), place)), error);
    expect_corrupt(ref{});
    expect_corrupt(ref::from_units(ref::units_max));
    expect_corrupt(ref::from_offset(memory_space::begin - 16));
}

TEST_F(tree_record, separators_are_read_as_written_and_given_back_whole) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, format::key_bytes_max}) {
        const std::string bytes(size, 's');
        const ref place = write_separator(memory_, bytes);
        EXPECT_EQ(read_separator(memory_.view(), place), bytes);
        release_separator(memory_, place);
    }
    EXPECT_TRUE(memory_.live().empty());
}

TEST_F(tree_record, too_large_is_an_argument_refused_without_a_trace) {
    tree_writer writer(memory_, {});
    writer.put("key", {value_type::string, "value", 0});
    const tree_root before = writer.root();
    const auto put = [&](std::string_view key, std::string_view value) {
        try {
            writer.put(key, {value_type::string, value, 0});
            ADD_FAILURE() << "accepted";
        } catch (const error& refused) {
            EXPECT_EQ(refused.reason(), errc::invalid_argument);
        }
    };
    put(std::string(format::key_bytes_max + 1, 'k'), "");
    put("key", std::string_view("", format::value_bytes_max + 1)); // is not read
    EXPECT_EQ(writer.root(), before);
    expect_exact(memory_, writer.root());
}

} // namespace
} // namespace holdfast::test
