"""The contract is well-formed, and what was accepted once still holds.

Accepted is tests/contract/golden/contract.binpb, listed for people in contract.txt. Adding to
protos/ is fine; what breaks a client fails here. `./dev contract accept` accepts what was added.
"""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

import describe

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/contract/golden/contract.binpb"
RECORDS = "gtm/records/v1/service.proto"
ESTIMATE = "gtm/type/v1/estimate.proto"


def buf(*arguments, folder=ROOT):
    """Exit code and what was said."""
    done = subprocess.run(["buf", *arguments], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Contract(unittest.TestCase):
    def test_is_well_formed(self):
        self.assertEqual(buf("lint"), (0, ""))

    def test_keeps_what_was_accepted(self):
        code, said = buf("breaking", "--against", str(GOLDEN))
        self.assertEqual(code, 0, f"clients of the accepted contract would break:\n{said}")

    def test_is_listed_as_accepted(self):
        self.assertEqual(GOLDEN.with_suffix(".txt").read_text(),
                         describe.describe(GOLDEN.read_bytes()),
                         "contract.txt is not made from contract.binpb: ./dev contract accept")


class Changed(unittest.TestCase):
    """The rules bite: each case is the contract with one edit."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gtm-contract-"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(ROOT / "protos", self.folder / "protos")
        shutil.copy(ROOT / "buf.yaml", self.folder)
        self.before = self.folder / "before.binpb"
        code, said = buf("build", "-o", str(self.before), folder=self.folder)
        self.assertEqual(code, 0, said)

    def edit(self, file, old, new):
        path = self.folder / "protos" / file
        text = path.read_text()
        self.assertEqual(text.count(old), 1, f"{file} does not have once: {old}")
        path.write_text(text.replace(old, new))

    def breaking(self):
        return buf("breaking", "--against", str(self.before), "--error-format=json",
                   folder=self.folder)

    def expect_break(self, rule):
        code, said = self.breaking()
        self.assertNotEqual(code, 0, "nothing was found")
        self.assertIn(f'"type":"{rule}"', said)

    def expect_fine(self):
        self.assertEqual(self.breaking(), (0, ""))

    def test_a_field_removed(self):
        self.edit(ESTIMATE, "  int64 sample_count = 7;\n", "")
        self.expect_break("FIELD_NO_DELETE")

    def test_a_field_renumbered(self):
        self.edit(ESTIMATE, "int64 sample_count = 7;", "int64 sample_count = 17;")
        self.expect_break("FIELD_NO_DELETE")

    def test_a_field_renamed(self):
        self.edit(ESTIMATE, "int64 sample_count = 7;", "int64 case_count = 7;")
        self.expect_break("FIELD_SAME_NAME")

    def test_a_field_retyped(self):
        self.edit(ESTIMATE, "int64 sample_count = 7;", "int32 sample_count = 7;")
        self.expect_break("FIELD_SAME_TYPE")

    def test_a_field_made_repeated(self):
        self.edit(ESTIMATE, "int64 sample_count = 7;", "repeated int64 sample_count = 7;")
        self.expect_break("FIELD_SAME_CARDINALITY")

    def test_presence_lost(self):
        self.edit(ESTIMATE, "optional double low = 2;", "double low = 2;")
        self.expect_break("FIELD_SAME_CARDINALITY")

    def test_an_enum_value_removed(self):
        self.edit(ESTIMATE, "  SUFFICIENCY_NO_DATA = 3;\n", "")
        self.expect_break("ENUM_VALUE_NO_DELETE")

    def test_an_enum_value_renamed(self):
        self.edit(ESTIMATE, "SUFFICIENCY_NO_DATA = 3;", "SUFFICIENCY_NOTHING = 3;")
        self.expect_break("ENUM_VALUE_SAME_NAME")

    def test_a_method_removed(self):
        self.edit(RECORDS, "  rpc GetHead(GetHeadRequest) returns (GetHeadResponse);\n", "")
        self.expect_break("RPC_NO_DELETE")

    def test_a_method_that_answers_otherwise(self):
        self.edit(RECORDS, "rpc GetHead(GetHeadRequest) returns (GetHeadResponse);",
                  "rpc GetHead(GetHeadRequest) returns (GetRequest);")
        self.expect_break("RPC_SAME_RESPONSE_TYPE")

    def test_a_method_made_a_stream(self):
        self.edit(RECORDS, "rpc GetHead(GetHeadRequest) returns (GetHeadResponse);",
                  "rpc GetHead(GetHeadRequest) returns (stream GetHeadResponse);")
        self.expect_break("RPC_SAME_SERVER_STREAMING")

    def test_a_service_renamed(self):
        self.edit(RECORDS, "service RecordsService {", "service RecordService {")
        self.expect_break("SERVICE_NO_DELETE")

    def test_a_file_moved(self):
        source = self.folder / "protos" / ESTIMATE
        for path in (self.folder / "protos").rglob("*.proto"):
            path.write_text(path.read_text().replace(ESTIMATE, "gtm/type/v1/estimates.proto"))
        source.rename(source.with_name("estimates.proto"))
        self.expect_break("FILE_NO_DELETE")

    def test_additions_are_fine(self):
        self.edit(ESTIMATE, "int64 sample_count = 7;",
                  "int64 sample_count = 7;\n  // More.\n  string remark = 901;")
        self.edit(ESTIMATE, "SUFFICIENCY_NO_DATA = 3;",
                  "SUFFICIENCY_NO_DATA = 3;\n  // More.\n  SUFFICIENCY_OTHER = 901;")
        self.edit(RECORDS, "rpc GetHead(GetHeadRequest) returns (GetHeadResponse);",
                  "rpc GetHead(GetHeadRequest) returns (GetHeadResponse);\n"
                  "  // More.\n  rpc GetTail(GetTailRequest) returns (GetTailResponse);")
        self.edit(RECORDS, "message GetHeadRequest {}",
                  "message GetHeadRequest {}\n// More.\nmessage GetTailRequest {}\n"
                  "// More.\nmessage GetTailResponse {}")
        self.expect_fine()
        self.assertEqual(buf("lint", folder=self.folder), (0, ""))

    def test_lint_wants_comments_and_names(self):
        self.edit(ESTIMATE, "int64 sample_count = 7;",
                  "int64 sample_count = 7;\n\n  string otherRemark = 901;")
        code, said = buf("lint", folder=self.folder)
        self.assertNotEqual(code, 0)
        self.assertIn("lower_snake_case", said)
        self.assertIn("should have a non-empty comment", said)


if __name__ == "__main__":
    unittest.main()
