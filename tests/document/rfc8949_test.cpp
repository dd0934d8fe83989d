// The examples of RFC 8949, appendix A: each is read, and those in the form that we prefer are what we write.
#include "support.hpp"

namespace holdfast::test {
namespace {

enum class form { preferred, other };

struct example {
    const char* bytes;
    const char* json; ///< as we print it; null if no JSON of ours can hold it
    form written = form::other;
};

constexpr example examples[] = {
    {"00", "0", form::preferred},
    {"01", "1", form::preferred},
    {"0a", "10", form::preferred},
    {"17", "23", form::preferred},
    {"1818", "24", form::preferred},
    {"1819", "25", form::preferred},
    {"1864", "100", form::preferred},
    {"1903e8", "1000", form::preferred},
    {"1a000f4240", "1000000", form::preferred},
    {"1b000000e8d4a51000", "1000000000000", form::preferred},
    {"1bffffffffffffffff", "18446744073709551615", form::preferred},
    {"c249010000000000000000", R"({"$bytes":"AQAAAAAAAAAA"})"},
    {"3bffffffffffffffff", nullptr},
    {"c349010000000000000000", R"({"$bytes":"AQAAAAAAAAAA"})"},
    {"20", "-1", form::preferred},
    {"29", "-10", form::preferred},
    {"3863", "-100", form::preferred},
    {"3903e7", "-1000", form::preferred},
    {"f90000", "0.0"},
    {"f98000", "-0.0"},
    {"f93c00", "1.0"},
    {"fb3ff199999999999a", "1.1", form::preferred},
    {"f93e00", "1.5"},
    {"f97bff", "65504.0"},
    {"fa47c35000", "100000.0", form::preferred},
    {"fa7f7fffff", "3.4028234663852886e+38", form::preferred},
    {"fb7e37e43c8800759c", "1e+300", form::preferred},
    {"f90001", "5.960464477539063e-08"},
    {"f90400", "6.103515625e-05"},
    {"f9c400", "-4.0"},
    {"fbc010666666666666", "-4.1", form::preferred},
    {"f97c00", R"({"$float":"Infinity"})"},
    {"f97e00", R"({"$float":"NaN"})", form::preferred},
    {"f9fc00", R"({"$float":"-Infinity"})"},
    {"fa7f800000", R"({"$float":"Infinity"})", form::preferred},
    {"fa7fc00000", R"({"$float":"NaN"})"},
    {"faff800000", R"({"$float":"-Infinity"})", form::preferred},
    {"fb7ff0000000000000", R"({"$float":"Infinity"})"},
    {"fb7ff8000000000000", R"({"$float":"NaN"})"},
    {"fbfff0000000000000", R"({"$float":"-Infinity"})"},
    {"f4", "false", form::preferred},
    {"f5", "true", form::preferred},
    {"f6", "null", form::preferred},
    {"f7", "null"},
    {"f0", "null"},
    {"f8ff", "null"},
    {"c074323031332d30332d32315432303a30343a30305a", R"("2013-03-21T20:04:00Z")"},
    {"c11a514b67b0", "1363896240"},
    {"c1fb41d452d9ec200000", "1363896240.5"},
    {"d74401020304", R"({"$bytes":"AQIDBA=="})"},
    {"d818456449455446", R"({"$bytes":"ZElFVEY="})"},
    {"d82076687474703a2f2f7777772e6578616d706c652e636f6d", R"("http://www.example.com")"},
    {"40", R"({"$bytes":""})", form::preferred},
    {"4401020304", R"({"$bytes":"AQIDBA=="})", form::preferred},
    {"60", R"("")", form::preferred},
    {"6161", R"("a")", form::preferred},
    {"6449455446", R"("IETF")", form::preferred},
    {"62225c", R"("\"\\")", form::preferred},
    {"62c3bc", "\"\xC3\xBC\"", form::preferred},
    {"63e6b0b4", "\"\xE6\xB0\xB4\"", form::preferred},
    {"64f0908591", "\"\xF0\x90\x85\x91\"", form::preferred},
    {"80", "[]", form::preferred},
    {"83010203", "[1,2,3]", form::preferred},
    {"8301820203820405", "[1,[2,3],[4,5]]", form::preferred},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
     "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]", form::preferred},
    {"a0", "{}", form::preferred},
    {"a201020304", R"({"1":2,"3":4})"},
    {"a26161016162820203", R"({"a":1,"b":[2,3]})", form::preferred},
    {"826161a161626163", R"(["a",{"b":"c"}])", form::preferred},
    {"a56161614161626142616361436164614461656145", R"({"a":"A","b":"B","c":"C","d":"D","e":"E"})",
     form::preferred},
    {"5f42010243030405ff", R"({"$bytes":"AQIDBAU="})"},
    {"7f657374726561646d696e67ff", R"("streaming")"},
    {"9fff", "[]"},
    {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
    {"9f01820203820405ff", "[1,[2,3],[4,5]]"},
    {"83018202039f0405ff", "[1,[2,3],[4,5]]"},
    {"83019f0203ff820405", "[1,[2,3],[4,5]]"},
    {"9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
     "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"},
    {"bf61610161629f0203ffff", R"({"a":1,"b":[2,3]})"},
    {"826161bf61626163ff", R"(["a",{"b":"c"}])"},
    {"bf6346756ef563416d7421ff", R"({"Fun":true,"Amt":-2})"},
};

TEST(rfc8949, has_all_its_examples) { EXPECT_EQ(std::size(examples), 81U); }

TEST(rfc8949, examples_are_well_formed) {
    for (const example& each : examples) {
        EXPECT_NO_THROW(verify_document(from_hex(each.bytes))) << each.bytes;
    }
}

TEST(rfc8949, examples_print_as_json) {
    for (const example& each : examples) {
        if (each.json != nullptr) {
            EXPECT_EQ(document_to_json(from_hex(each.bytes)), each.json) << each.bytes;
        } else {
            expect_error(errc::out_of_range, "below -9223372036854775808",
                         [&] { static_cast<void>(document_to_json(from_hex(each.bytes))); });
        }
    }
}

TEST(rfc8949, preferred_examples_are_what_is_written) {
    for (const example& each : examples) {
        if (each.written == form::preferred) {
            EXPECT_EQ(to_hex(document_from_json(each.json)), each.bytes) << each.json;
        }
    }
}

TEST(rfc8949, every_example_cut_short_is_corrupt) {
    for (const example& each : examples) {
        const std::string whole = from_hex(each.bytes);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_THROW(verify_document(whole.substr(0, size)), error) << each.bytes << " cut to " << size;
        }
        EXPECT_THROW(verify_document(whole + '\0'), error) << each.bytes;
    }
}

TEST(rfc8949, malformed_bytes_are_corrupt) {
    // Appendix F: reserved arguments, heads and contents cut short, misplaced breaks, pieces of another kind.
    for (const char* bytes : {"1c",
                              "1d",
                              "1e",
                              "3c",
                              "5c",
                              "7c",
                              "9c",
                              "bc",
                              "dc",
                              "fc",
                              "f800",
                              "f818",
                              "f81f",
                              "1f",
                              "3f",
                              "df00",
                              "ff",
                              "81ff",
                              "8200ff",
                              "a1ff",
                              "a1ff00",
                              "a100ff",
                              "a20000ff",
                              "9f81ff",
                              "9f829f819f9fffffffff",
                              "bf00ff",
                              "bf000000ff",
                              "5f00ff",
                              "5f6100ff",
                              "5f5f4100ffff",
                              "7f4100ff",
                              "7f7f6100ffff",
                              "5bffffffffffffffff",
                              "9bffffffffffffffff",
                              "bbffffffffffffffff",
                              "bb8000000000000000",
                              "c0",
                              "d8"}) {
        expect_error(errc::corrupt, "the document is damaged: ", [&] { verify_document(from_hex(bytes)); });
        EXPECT_THROW(static_cast<void>(document_to_json(from_hex(bytes))), error) << bytes;
    }
}

TEST(rfc8949, texts_have_to_be_utf8) {
    for (const char* bytes :
         {"61ff", "62c328", "62c0af", "63e08080", "63eda080", "64f0808080", "64f4908080", "7f61c361bcff"}) {
        expect_error(errc::corrupt, "not UTF-8", [&] { verify_document(from_hex(bytes)); });
    }
}

} // namespace
} // namespace holdfast::test
