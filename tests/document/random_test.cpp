// Random values of every supported kind survive being written, printed and typed again.
#include "everything.hpp"
#include "support.hpp"

namespace holdfast::test {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr int rounds = 300;
#else
constexpr int rounds = 3000;
#endif

TEST(random_values, come_back_from_a_document) {
    for (int round = 0; round < rounds; ++round) {
        random_values random(static_cast<std::uint64_t>(round));
        const auto value = random.make<everything>();
        const std::string document = to_document(value);
        ASSERT_NO_THROW(verify_document(document)) << "seed " << round;
        ASSERT_TRUE(from_document<everything>(document) == value) << "seed " << round;
    }
}

TEST(random_values, come_back_from_json) {
    for (int round = 0; round < rounds; ++round) {
        random_values random(static_cast<std::uint64_t>(round));
        const auto value = random.make<everything>();
        const std::string json = json_of(value);
        const std::string document = document_from_json(json);
        ASSERT_EQ(document_to_json(document), json) << "seed " << round;
        ASSERT_TRUE(from_document<everything>(document) == value) << "seed " << round;
    }
}

/// The same document with the fields of each object in another order.
void shuffle_object(detail::cbor_reader& from, detail::cbor_writer& to, random_values& random);

void shuffle_item(detail::cbor_reader& from, detail::cbor_writer& to, random_values& random) {
    const std::size_t start = from.position();
    const detail::cbor_head head = from.item();
    if (head.major == detail::cbor_major::map) {
        from.seek(start);
        shuffle_object(from, to, random);
    } else if (head.major == detail::cbor_major::array) {
        to.head(detail::cbor_major::array, head.argument);
        for (std::uint64_t left = head.argument; left > 0; --left) {
            shuffle_item(from, to, random);
        }
    } else {
        from.seek(start);
        from.skip(0);
        to.raw(from.since(start));
    }
}

void shuffle_object(detail::cbor_reader& from, detail::cbor_writer& to, random_values& random) {
    std::vector<std::string> fields(from.item().argument);
    for (std::string& field : fields) {
        detail::cbor_writer writer(field);
        const std::size_t start = from.position();
        from.skip(0);
        writer.raw(from.since(start));
        shuffle_item(from, writer, random);
        writer.finish();
    }
    for (std::size_t i = fields.size(); i > 1; --i) {
        std::swap(fields[i - 1], fields[random.below(i)]);
    }
    to.head(detail::cbor_major::map, fields.size());
    for (const std::string& field : fields) {
        to.raw(field);
    }
}

TEST(random_values, come_back_with_their_fields_in_any_order) {
    for (int round = 0; round < rounds; ++round) {
        random_values random(static_cast<std::uint64_t>(round));
        const auto value = random.make<everything>();
        const std::string document = to_document(value);
        std::string shuffled;
        detail::cbor_writer writer(shuffled);
        detail::cbor_reader reader(document);
        shuffle_item(reader, writer, random);
        writer.finish();
        ASSERT_TRUE(from_document<everything>(shuffled) == value) << "seed " << round;
    }
}

TEST(random_values, floats_keep_their_bits) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 100 * rounds; ++round) {
        const auto number = std::bit_cast<double>(random());
        const auto single = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        if (number != number || single != single) {
            continue;
        }
        ASSERT_EQ(std::bit_cast<std::uint64_t>(from_document<double>(to_document(number))),
                  std::bit_cast<std::uint64_t>(number));
        ASSERT_EQ(std::bit_cast<std::uint32_t>(from_document<float>(to_document(single))),
                  std::bit_cast<std::uint32_t>(single));
        if (round % 10 == 0) {
            ASSERT_EQ(to_hex(document_from_json(json_of(number))), to_hex(to_document(number)));
        }
    }
}

} // namespace
} // namespace holdfast::test
