// What a store does where its driver says nothing else.
#include "stores/store.hpp"

namespace compare {

namespace {

[[noreturn]] void refuse(const char* what) {
    throw std::logic_error(std::string("this store can't ") + what + "; its abilities should have said so");
}

} // namespace

void session::get_in_one(std::span<const std::string_view> keys, value_check& check) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        get(keys[i], i, check);
    }
}

void session::get_many(std::span<const std::string_view> keys, value_check& check) {
    get_in_one(keys, check);
}

void session::get_by_snapshot(std::string_view key, std::size_t position, value_check& check) {
    get(key, position, check);
}

void session::scan(value_check&) { refuse("scan"); }

void session::scan_reverse(value_check&) { refuse("scan backward"); }

void session::scan_prefix(std::string_view, value_check&) { refuse("scan a prefix"); }

std::shared_ptr<void> session::hold_snapshot() { refuse("hold a snapshot"); }

std::unique_ptr<session> store::start_named_session() { refuse("have named maps"); }

std::unique_ptr<session> store::start_typed_session() { refuse("store structs"); }

void store::sync() { refuse("sync"); }

} // namespace compare
