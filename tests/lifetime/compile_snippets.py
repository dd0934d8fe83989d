#!/usr/bin/env python3
"""Compiles statements that would leave a view, or a transaction, of something that is gone: each must be refused, with
the message that names the function. Beside them, what is meant to be written instead, which must compile.

    compile_snippets.py COMPILER INCLUDE_FOLDER
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

AROUND = """
#include <string>
#include <string_view>
#include <tuple>
#include <holdfast/store.hpp>
using users_map = holdfast::typed_map<std::string, std::string>;
using ages_map = holdfast::typed_map<std::string, int>;
template <class T> void use(T&&) {}
void statement(holdfast::store& store, const holdfast::snapshot& now, users_map& users, ages_map& ages) {
    %s
}
"""

# What is written, and what the compiler has to say of it.
FORBIDDEN = [
    ('use(store.snapshot().get("key"));', "get"),
    ('use(store.snapshot().map("users").get("key"));', "get"),
    ('use(store.snapshot().map("users").at<std::string>("key"));', "at"),
    ('use(store.snapshot().map("users").find("key"));', "find"),
    ('use(store.snapshot().map("users").begin());', "begin"),
    ('use(store.snapshot().map("users").prefix("a").begin());', "begin"),
    ('use(store.snapshot().in(users).get("key"));', "get"),
    ('use(store.snapshot().in(users).at("key"));', "at"),
    ('use(store.snapshot().in(users).rbegin());', "rbegin"),
    ("use(store.snapshot().changes_since(now));", "changes_since"),
    ("use(now.changes_since(store.snapshot()));", "changes_since"),
    ('std::string_view text = *store.get("key"); use(text);', "string_view"),
    ('use((*store.get("key")).bytes());', "bytes"),
    ('use(store.begin_write().map("users"));', "map"),
    ('store.begin_write().put("key", "value");', "put"),
    ("const holdfast::store& reading = store; "
     'reading.map<std::string, int>("ages").put("ada", 36);', "put"),
]
REFUSALS = ("deleted", "not viable", "no matching", "no member named", "has no member")

LEGAL = """
    for (auto&& [key, value] : store.snapshot().in(users).prefix("a")) { use(key); use(value); }
    for (auto&& [key, value] : store.snapshot().map("users")) { use(key); use(value); }
    use(now.get("key"));
    use(now.map("users").get("key"));
    use(now.in(users).at("key"));
    use(now.in(users).find("key")->second);
    use(store.snapshot().get<std::string>("key"));
    use(store.snapshot().map("users").get<int>("key"));
    use(store.snapshot().in(ages).get("key"));
    use(store.snapshot().in(users).contains("key"));
    const auto view = store.snapshot().map("users");
    use(view.get("key"));
    use(view.begin());
    const auto owned = store.get("key");
    std::string_view text = *owned;
    use(text);
    use(store.get("key")->text());
    std::string copied = (*store.get("key")).text();
    auto tx = store.begin_write();
    tx.map("users").put("key", "value");
    std::move(tx).commit();
"""


def compile_statement(compiler, include, statement):
    done = subprocess.run(
        [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-I", include, "-x", "c++", "-"],
        input=AROUND % statement, capture_output=True, text=True, check=False,
        env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"})
    return done.returncode, done.stderr


def wrong_with(compiler, include, statement, name):
    """What is wrong with the compiler's answer to a forbidden statement, or None."""
    status, said = compile_statement(compiler, include, statement)
    if status == 0:
        return f"compiles, and must not: {statement}"
    errors = [line for line in said.splitlines() if "error:" in line]
    if not any((name in line and any(word in line for word in REFUSALS)) or "discards qualifiers" in line
               for line in errors):
        return f"is refused for another reason: {statement}\n" + "\n".join(errors[:3])
    return None


def main(arguments):
    compiler, include = arguments
    status, said = compile_statement(compiler, include, LEGAL)
    found = [f"what is legal does not compile:\n{said}"] if status != 0 else []
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda one: wrong_with(compiler, include, *one), FORBIDDEN)
        found += [answer for answer in answers if answer]
    print("\n".join(found) or f"{len(FORBIDDEN)} statements are refused, as they must be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
