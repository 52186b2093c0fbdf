"""The project's own tidy: what ./docs/architecture.md promises about the tree, read from the tree.

Each rule is a function from a Tree to complaints. `SelfTest` shows each rule a tree that breaks it, so that a rule which
has gone blind fails too. Limits are ratchets: the lists of exceptions may shrink, never grow.
"""

import os
import re
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

# Folder of src/ -> folders it may include from. The longest name that fits a file counts: store/sqlite before store.
ARROWS = {
    "base": set(),
    "core": {"base"},
    "diagnosis": {"base"},
    "media": {"base", "core"},
    "media/sandbox": {"base"},
    "media/worker": {"base", "core", "media", "media/sandbox"},
    "store": {"base", "core"},
    "store/sqlite": {"base", "core", "store"},
    "store/postgres": {"base", "core", "store"},
    "store/disk": {"base", "core", "store"},
    # Talks to a store elsewhere; libcurl is its transport.
    "store/s3": {"base", "core", "store"},
    "store/memory": {"base", "core", "store"},
    # In front of any engine: what is asked for often, in memory.
    "store/hot": {"base", "core", "store"},
    "service": {"base", "core", "store", "store/hot", "media"},
    "processing": {"base", "core", "store", "media", "service"},
    # One process among several that share a database.
    "nodes": {"base", "core", "media", "store", "store/postgres", "service"},
    "runtime": {"base"},
    "http": {"base", "runtime"},
    "dev_tls": {"base", "runtime"},
    "protocol/oauth": {"base"},
    "protocol/common": {"base", "core", "media", "service", "runtime", "http", "protocol/oauth"},
    "protocol/x_v1": {"base", "core", "service", "runtime", "http", "protocol/common"},
    "protocol/x_v2": {"base", "core", "service", "runtime", "http", "protocol/common"},
    "protocol/native": {"base", "core", "media", "service", "runtime", "http", "protocol/common", "diagnosis"},
    "protocol/rufh": {"base", "core", "service", "runtime", "http", "protocol/common"},
    "protocol/tus": {"base", "core", "service", "runtime", "http", "protocol/common"},
    # Delivery streams blobs, so it holds the seam itself; the engines stay hidden.
    "protocol/delivery": {"base", "core", "service", "runtime", "http", "protocol/common", "store"},
    "client": {"base"},
    "cli": {"base", "client", "diagnosis"},
    "server": {
        "base", "core", "store", "store/sqlite", "store/postgres", "store/disk", "store/s3", "store/hot", "media", "service", "processing",
        "nodes", "runtime",
        "http", "protocol/common", "protocol/x_v1", "protocol/x_v2", "protocol/native", "protocol/delivery", "protocol/rufh",
        "protocol/tus", "cli",
        "dev_tls", "client",
    },
}
# Tests may stand on the in-memory twins besides; a suite of one store may use another.
TESTS_MAY_ALSO = {"store", "store/memory"}

ASIO_FOLDERS = ("runtime", "http", "dev_tls", "protocol", "server")
CO_SPAWN_FILE = "src/runtime/task_group.cpp"
THREAD_FILES = {
    "src/runtime/event_loops.hpp", "src/runtime/event_loops.cpp", "src/runtime/log_outlet.hpp", "src/runtime/run_blocking.hpp",
    "src/runtime/run_blocking.cpp", "src/processing/worker_pool.cpp", "src/store/sqlite/write_queue.hpp", "src/store/s3/transport.cpp",
    "src/client/segments.cpp", "src/nodes/hint_line.cpp", "src/nodes/node.cpp", "src/nodes/sole_server.hpp",
    "src/server/bucket_owner.hpp",
}
DECODER_FOLDER = "src/media/worker/"
FUNCTION_LINES_MAX = 60
LONG_FUNCTIONS = {}
FILE_LINES_MAX = 450
HEADER_LINES_MAX = 150
# Lines of the files that are longer; they may shrink, never grow, and whoever cuts one takes it off the list.
LONG_FILES = {"src/base/error_code.hpp": 162}  # one enum, in one place
TODO_KINDS = {"perf", "cleanup"}
LIST = "CMakeLists.txt"


class Tree:
    """path -> text of every file of ours, comments and string literals blanked for C++ on request."""

    def __init__(self, files):
        self.files = files

    @classmethod
    def of_disk(cls):
        files = {}
        for top in ("src", "tests", "include", "bench", "docs"):
            for folder, names, leaves in os.walk(os.path.join(ROOT, top)):
                names[:] = [name for name in names if name != "__pycache__"]
                for leaf in leaves:
                    if leaf.endswith((".cpp", ".hpp", ".md", "_test.py")) or leaf == LIST:
                        path = os.path.join(folder, leaf)
                        with open(path, encoding="utf-8") as file:
                            files[os.path.relpath(path, ROOT)] = file.read()
        for leaf in os.listdir(ROOT):
            if leaf.endswith(".md"):
                with open(os.path.join(ROOT, leaf), encoding="utf-8") as file:
                    files[leaf] = file.read()
        return cls(files)

    def cpp(self, under="src/", tests=True):
        for path, text in sorted(self.files.items()):
            if path.startswith(under) and path.endswith((".cpp", ".hpp")) and (tests or not is_test(path)):
                yield path, text

    def code(self, under="src/", tests=True):
        for path, text in self.cpp(under, tests):
            yield path, blank(text)


def is_test(path):
    return re.search(r"(_(test|suite|fakes?|testing)\.[ch]pp|/fake_\w+\.[ch]pp)$", path) is not None or "/testing/" in path


LITERAL = re.compile(
    r'R"([^()\\ ]{0,16})\((?:.|\n)*?\)\1"|"(?:[^"\\\n]|\\.)*"|(?<![0-9a-fA-F])\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*(?:.|\n)*?\*/'
)


def blank(text):
    """C++ without comments and literals; every line stays where it is."""
    return LITERAL.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def folder_of(path):
    """'src/store/sqlite/schema.hpp' -> 'store/sqlite'; the longest known folder, or the plain one."""
    parts = path.removeprefix("src/").split("/")[:-1]
    for count in range(len(parts), 0, -1):
        if "/".join(parts[:count]) in ARROWS:
            return "/".join(parts[:count])
    return "/".join(parts)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def arrows(tree):
    for path, text in tree.cpp():
        here = folder_of(path)
        if here not in ARROWS:
            if here:
                yield f"{path}: folder {here} is not in ARROWS"
            continue
        allowed = ARROWS[here] | {here} | (TESTS_MAY_ALSO if is_test(path) else set())
        for found in re.finditer(r'^\s*#include "([^"]+)"', text, re.MULTILINE):
            there = folder_of("src/" + found[1])
            if there and there not in allowed and not found[1].startswith("sluice/"):
                yield f"{path}:{line_of(text, found.start())}: {here} must not include {there} ({found[1]})"


def asio(tree):
    for path, text in tree.cpp():
        if not folder_of(path).split("/")[0] in ASIO_FOLDERS and re.search(r"#include <boost/(asio|beast)", text):
            yield f"{path}: Asio belongs to {', '.join(ASIO_FOLDERS)}"
        if path.endswith(".hpp") and re.search(r"#include <boost/asio\.hpp>", text):
            yield f"{path}: the umbrella header of Asio costs seconds; include it in a .cpp file"
        if not is_test(path) and re.search(r"#include <boost/beast", text):
            yield f"{path}: Beast is the referee of tests only"


def spawning(tree):
    for path, code in tree.code():
        if path != CO_SPAWN_FILE and re.search(r"\b(co_spawn|awaitable_thread)\b", code):
            yield f"{path}: co_spawn, or what stands behind it, belongs to {CO_SPAWN_FILE}"
        if re.search(r"\bdetached\b", code):
            yield f"{path}: nothing is detached; a TaskGroup owns it"


def threads(tree):
    for path, code in tree.code(tests=False):
        if path not in THREAD_FILES and re.search(r"\bstd::(thread|jthread|async)\b(?!::hardware_concurrency|::id)", code):
            yield f"{path}: threads are made in {', '.join(sorted(THREAD_FILES))}"


def naked_memory(tree):
    """`unique_ptr<T>(new T(…))` is what make_unique cannot do with a private constructor."""
    for path, code in tree.code():
        code = re.sub(r"unique_ptr<[^;(]*>(\s*\w+)?\(\s*new\b", "unique_ptr", code)
        for found in re.finditer(r"(?<!operator )\bnew\b(?!\s*\()|(?<![=] )(?<![=])\bdelete\b(?!\s*[;,)])", code):
            yield f"{path}: naked {found[0]}; use make_unique or a container"


def decoders(tree):
    for path, text in tree.cpp():
        if not path.startswith(DECODER_FOLDER) and re.search(r"#include <(libav|libsw|vips/)", text):
            yield f"{path}: decoders are linked by the worker alone ({DECODER_FOLDER})"


def functions(code):
    """(first line, length) of every brace block that follows a parameter list at the outer levels."""
    depth_kinds, start = [], None
    for found in re.finditer(r"[{}]", code):
        if found[0] == "{":
            before = code[max(0, found.start() - 400) : found.start()].rstrip()
            is_outer = not any(kind == "function" for kind in depth_kinds)
            looks = re.search(r"(\)|\bconst|\bnoexcept|\boverride|\bfinal|->\s*[\w:<>,&*\s]+)$", before)
            kind = "function" if is_outer and looks and not before.endswith("=") else "other"
            if kind == "function":
                start = found.start()
            depth_kinds.append(kind)
        elif depth_kinds and depth_kinds.pop() == "function":
            yield line_of(code, start), code.count("\n", start, found.start()) + 1


def function_lengths(tree):
    for path, code in tree.code():
        for line, length in functions(code):
            limit = LONG_FUNCTIONS.get(path, FUNCTION_LINES_MAX)
            if length > limit:
                yield f"{path}:{line}: a function of {length} lines; the limit is {limit}"


def file_lengths(tree):
    for path, text in tree.cpp():
        count = text.count("\n")
        limit = LONG_FILES.get(path, HEADER_LINES_MAX if path.endswith(".hpp") and not is_test(path) else FILE_LINES_MAX)
        if count > limit:
            yield f"{path}: {count} lines; the limit is {limit}"


def todos(tree):
    for path, text in tree.cpp():
        for found in re.finditer(r"\b(TODO|FIXME|XXX)\b(\((\w+)\))?", text):
            if found[1] != "TODO" or found[3] not in TODO_KINDS:
                yield f"{path}:{line_of(text, found.start())}: {found[0]}: only TODO({' or '.join(sorted(TODO_KINDS))})"


def headers(tree):
    for path, text in tree.cpp():
        if path.endswith(".hpp") and not re.match(r"(//[^\n]*\n){1,60}#pragma once\n", text):
            yield f"{path}: a header begins with what it is, then #pragma once"


def titles(tree):
    for path, text in sorted(tree.files.items()):
        if path.endswith(".md"):
            prose = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
            count = len(re.findall(r"^# \S", prose, re.MULTILINE))
            if count != 1:
                yield f"{path}: {count} titles; a document has one"


def dead_files(tree):
    """A header that nobody includes."""
    included = set()
    for top in ("src/", "tests/", "bench/", "include/"):
        for _, text in tree.cpp(top):
            included |= set(re.findall(r'#include [<"]([^">]+)[">]', text))
    for path, _ in tree.cpp():
        if path.endswith(".hpp") and path.removeprefix("src/") not in included:
            yield f"{path}: nobody includes it"


def unrun_tests(tree):
    """A test that no list names is run by nobody. On other engines alone is not enough: a module runs on the default ones too."""
    named = set()
    for path, text in tree.files.items():
        if os.path.basename(path) == LIST:
            text = re.sub(r"#[^\n]*", "", text)
            for found in re.findall(r"[\w./-]+_test\.(?:cpp|py)\b", text):
                named.add(os.path.normpath(os.path.join(os.path.dirname(path), found.lstrip("/"))))
            for module in re.findall(r"sluice_script_test\(([\w.]+)", text):
                named.add("tests/" + module.replace(".", "/") + ".py")
            for module in re.findall(r"sluice_rig_test\((\w+)", text):
                named.add(f"tests/rigs/{module}.py")
    for path in sorted(tree.files):
        if path.endswith(("_test.cpp", "_test.py")) and path not in named:
            yield f"{path}: no {LIST} names it, so it never runs"


RULES = (
    arrows, asio, spawning, threads, naked_memory, decoders, function_lengths, file_lengths, todos, headers, titles, dead_files,
    unrun_tests,
)


class Structure(unittest.TestCase):
    def test_the_tree_keeps_its_rules(self):
        tree = Tree.of_disk()
        self.assertGreater(len(tree.files), 50, "the tree was not found")
        for rule in RULES:
            with self.subTest(rule.__name__):
                complaints = list(rule(tree))
                self.assertEqual(complaints, [], "\n" + "\n".join(complaints))

    def test_no_arrow_leads_in_a_circle(self):
        done, path = set(), []

        def visit(folder):
            self.assertNotIn(folder, path, path)
            if folder not in done:
                path.append(folder)
                for there in ARROWS[folder]:
                    visit(there)
                path.pop()
                done.add(folder)

        for folder in ARROWS:
            visit(folder)


BROKEN = (
    (arrows, {"src/core/a.cpp": '#include "store/blob_store.hpp"\n'}),
    (arrows, {"src/protocol/x_v1/a.cpp": '#include "protocol/x_v2/decode.hpp"\n'}),
    (arrows, {"src/client/a.cpp": '#include "core/upload.hpp"\n'}),
    (arrows, {"src/http/a.cpp": '#include "server/wiring.hpp"\n'}),
    (arrows, {"src/elsewhere/a.cpp": ""}),
    (asio, {"src/service/a.cpp": "#include <boost/asio/post.hpp>\n"}),
    (asio, {"src/http/a.hpp": "#include <boost/asio.hpp>\n"}),
    (asio, {"src/http/a.cpp": "#include <boost/beast/http.hpp>\n"}),
    (spawning, {"src/http/a.cpp": "co_spawn(loop, f(), g);\n"}),
    (spawning, {"src/http/a.cpp": "asio::detail::awaitable_thread<E>(f(), e, s, c).launch();\n"}),
    (spawning, {CO_SPAWN_FILE: "co_spawn(loop, f(), boost::asio::detached);\n"}),
    (threads, {"src/service/a.cpp": "std::jthread t(f);\n"}),
    (naked_memory, {"src/core/a.cpp": "auto* p = new int;\n"}),
    (naked_memory, {"src/core/a.cpp": "delete pointer;\n"}),
    (decoders, {"src/server/a.cpp": "#include <libavformat/avformat.h>\n"}),
    (function_lengths, {"src/core/a.cpp": "int f() {\n" + "    g();\n" * 61 + "}\n"}),
    (function_lengths, {"src/core/a.cpp": "namespace n {\nint f(int a) const {\n    if (a) {\n" + "    g();\n" * 61 + "    }\n}\n}\n"}),
    (file_lengths, {"src/core/a.cpp": "\n" * 451}),
    (todos, {"src/core/a.cpp": "// TODO(security): later\n"}),
    (todos, {"src/core/a.cpp": "// FIXME\n"}),
    (headers, {"src/core/a.hpp": "#pragma once\n"}),
    (headers, {"src/core/a.hpp": "// What it is.\n#include <map>\n#pragma once\n"}),
    (titles, {"docs/a.md": "# One\n\n# Two\n"}),
    (titles, {"docs/a.md": "no title\n"}),
    (unrun_tests, {"src/core/a_test.cpp": "", "src/core/CMakeLists.txt": "sluice_test(core SOURCES b_test.cpp other/a_test.cpp)\n# a_test.cpp"}),
    (unrun_tests, {"src/core/a_test.cpp": "", "src/core/CMakeLists.txt": "sluice_test(core SOURCES aa_test.cpp)\n"}),
    (unrun_tests, {"tests/a/b_test.py": "", "tests/CMakeLists.txt": "sluice_script_test(c.b_test 60)\nsluice_s3_test(a.b_test 60)\n"}),
    (dead_files, {"src/core/a.hpp": "// What it is.\n#pragma once\n"}),
)
SOUND = {
    "src/core/a.hpp": "// What it is: new, detached, co_spawn.\n#pragma once\nstruct A { A(const A&) = delete; };\n",
    "src/core/a.cpp": '#include "core/a.hpp"\n#include "base/b.hpp"\nconst char* text = "delete new";  // new\n'
    "int f() {\n" + "    g();\n" * 58 + "}\nauto h = [](int x) { return x; };\n",
    "src/core/a_test.cpp": "",
    "src/core/deep/b_test.cpp": "",
    "src/core/deep/CMakeLists.txt": "sluice_test(core_test SOURCES ../a_test.cpp b_test.cpp DEPS core)\n",
    "tests/a/b_test.py": "",
    "tests/rigs/c_test.py": "",
    "tests/d/e_test.py": "",
    "tests/CMakeLists.txt": "sluice_script_test(a.b_test 60)\nsluice_rig_test(c_test 60)\nadd_test(COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/d/e_test.py)\n",
    "docs/a.md": "# One\n\n```sh\n# a comment\n```\n",
}


class SelfTest(unittest.TestCase):
    def test_every_rule_can_fail(self):
        self.assertEqual({rule for rule, _ in BROKEN}, set(RULES))
        for rule, files in BROKEN:
            with self.subTest(rule.__name__, files=str(files)[:80]):
                self.assertTrue(list(rule(Tree(files))))

    def test_no_rule_complains_about_a_sound_tree(self):
        for rule in RULES:
            with self.subTest(rule.__name__):
                self.assertEqual(list(rule(Tree(SOUND))), [])


if __name__ == "__main__":
    unittest.main()
