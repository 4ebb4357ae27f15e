"""The examples work as they are written down: every block of examples/README.md is its file,
and every command in it runs. A copy of the section in the README of the root is held to the same.
"""

import datetime
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import platform_process

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = pathlib.Path(os.environ["GTM_EXAMPLES_FOLDER"])  # kept between runs: what C++ compiled
DOCUMENTS = ("examples/README.md", "README.md")
HEADING = "Call it from your service"
LINES_MAX = 40
RUN_SECONDS = 300
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SNIPPET = re.compile(r"\[(examples/[^\]]+)\]\([^)]*\)\n\n```\w+\n(.*?)^```$",
                     re.MULTILINE | re.DOTALL)
# As the examples are written, and a fiscal quarter that does not exist.
ASKED = " 2026 4"
WRONG = " 2026 5"


def text_of(document):
    """The section about calling in a document; empty where there is none."""
    text = (ROOT / document).read_text()
    start = re.search(rf"^(#+) {HEADING}$", text, re.MULTILINE)
    if not start:
        return ""
    rest = text[start.end():]
    outside_code = BLOCK.sub(lambda block: "." * len(block.group()), rest)
    end = re.search(rf"^#{{1,{len(start.group(1))}}} ", outside_code, re.MULTILINE)
    return rest[:end.start()] if end else rest


def update(document):
    """GTM_UPDATE_GOLDEN=1 writes the files into the blocks instead of comparing."""
    def fill(found):
        return found.group().replace(found.group(2), (ROOT / found.group(1)).read_text())
    path = ROOT / document
    path.write_text(SNIPPET.sub(fill, path.read_text()))


class Written(unittest.TestCase):
    def test_blocks_are_their_files(self):
        for document in DOCUMENTS:
            if "GTM_UPDATE_GOLDEN" in os.environ:
                update(document)
            for path, block in SNIPPET.findall(text_of(document)):
                with self.subTest(f"{document}: {path}"):
                    self.assertEqual(block, (ROOT / path).read_text())

    def test_every_program_is_shown_and_short(self):
        shown = {path for path, _ in SNIPPET.findall(text_of("examples/README.md"))}
        programs = {str(path.relative_to(ROOT)) for path in (ROOT / "examples").glob("*/forecast.*")}
        self.assertGreaterEqual(len(programs), 6)
        self.assertLessEqual(programs, shown)
        for path in programs:
            self.assertLessEqual(len((ROOT / path).read_text().splitlines()), LINES_MAX, path)


class Run(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = platform_process.PlatformProcess()
        cls.addClassCleanup(cls.server.close)
        cls.server.load_demo()
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in ("examples", "protos"):
            shutil.rmtree(FOLDER / name, ignore_errors=True)
            shutil.copytree(ROOT / name, FOLDER / name, ignore=shutil.ignore_patterns(
                "bin", "gen", "out"))
        shutil.copy(ROOT / "buf.yaml", FOLDER)
        modules = FOLDER / "node_modules"
        if not modules.exists():
            modules.symlink_to(ROOT / "build/tools/node/node_modules")

    def run_commands(self, commands):
        return subprocess.run(
            ["bash", "-euc", commands], cwd=FOLDER, timeout=RUN_SECONDS, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "GTM_ADDRESS": self.server.address})

    def test_commands_run(self):
        today = datetime.datetime.now(datetime.timezone.utc)
        quarter = f" {today.year} {(today.month + 2) // 3}"  # the demo company's calendar
        blocks = dict.fromkeys(  # each once
            block for document in DOCUMENTS
            for language, block in BLOCK.findall(text_of(document))
            if language == "bash" and ASKED in block)
        self.assertGreaterEqual(len(blocks), 6)
        for block in blocks:
            last = next(line for line in block.splitlines() if ASKED in line)
            with self.subTest(last):
                done = self.run_commands(block.replace(ASKED, quarter))
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertRegex(done.stdout, r'(?i)"?p50"?:? ')
                self.assertRegex(done.stdout, r"\bUSD\b")
                done = self.run_commands(last.replace(ASKED, WRONG))
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("INVALID_FIELDS", done.stdout)
                self.assertIn("period.index", done.stdout)


if __name__ == "__main__":
    unittest.main()
