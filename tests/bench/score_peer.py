"""score_peer.py DIR ROUNDS: scoring of columns with NumPy, and with DuckDB and, one account at
a time, zen-engine where they are installed, the peers of score_bench. DIR/criteria.json says the columns (DIR/NAME.bin: i4, f8 or
u1), the edges or the points of codes, and the points of each band. Prints one line a figure:
engine, what, seconds, sum of the scores."""

import json
import sys
import time

import numpy as np

directory, rounds = sys.argv[1], int(sys.argv[2])
with open(f"{directory}/criteria.json") as file:
    criteria = json.load(file)
columns = {c["name"]: np.fromfile(f"{directory}/{c['name']}.bin", c["type"]) for c in criteria}
count = len(next(iter(columns.values())))


def outcome(c, how):
    """Which band, or word, as a byte where there are few: what the points are looked up by."""
    x = columns[c["name"]]
    if not c["edges"]:
        return x
    if how == "searchsorted":
        band = np.searchsorted(np.array(c["edges"], x.dtype), x, side="right")
    else:
        band = (x >= c["edges"][0]).view("u1")
        for edge in c["edges"][1:]:
            band = band + (x >= edge).view("u1")
    if c["type"] == "f8":
        band = np.where(np.isnan(x), np.uint8(len(c["edges"]) + 1), band)
    return band


def part(c, how):
    return c["table"][outcome(c, how)]


def total(how):
    scores = np.zeros(count)
    for c in criteria:
        scores += part(c, how)
    return scores


def full(how):
    parts = [part(c, how) for c in criteria]
    return parts, np.sum(parts, axis=0)


def outcomes(how):
    """As ours: the outcome of each part, and the scores."""
    kept, scores = [], np.zeros(count)
    for c in criteria:
        kept.append(outcome(c, how))
        scores += c["table"][kept[-1]]
    return kept, scores


for c in criteria:
    c["table"] = np.array(c["points"] + [0], "f8")  # missing is worth nothing
for how in ("compare", "searchsorted"):
    for _ in range(rounds):
        start = time.perf_counter()
        scores = total(how)
        seconds = time.perf_counter() - start
        print(f"numpy total {seconds:.5f} {scores.sum():.0f}")
        start = time.perf_counter()
        _, scores = full(how)
        seconds = time.perf_counter() - start
        print(f"numpy full {seconds:.5f} {scores.sum():.0f}")
        start = time.perf_counter()
        _, scores = outcomes(how)
        seconds = time.perf_counter() - start
        print(f"numpy outcomes {seconds:.5f} {scores.sum():.0f}")

ONES = 2_000  # accounts decided one at a time


def expression(c):
    """The points of a value as one expression: a chain of choices."""
    name, points = c["name"], c["points"]
    at = list(range(len(points))) if not c["edges"] else c["edges"]
    compare = "==" if not c["edges"] else "<"
    text = str(points[-1])
    for limit, p in reversed(list(zip(at, points[:-1]))):
        text = f"{name} {compare} {limit:.17g} ? {p} : ({text})"
    return f"{name} == null ? 0 : ({text})" if c["type"] == "f8" else text


def decide_one_by_one():
    """One expression node with 12 contributions and their total."""
    import zen

    expressions = [
        {"id": c["name"], "key": f"part_{c['name']}", "value": expression(c)} for c in criteria]
    total = " + ".join(f"$.part_{c['name']}" for c in criteria)
    expressions.append({"id": "score", "key": "score", "value": total})
    at = {"x": 0, "y": 0}
    decision = zen.ZenEngine().create_decision(json.dumps({
        "nodes": [{"id": "in", "type": "inputNode", "name": "in", "position": at},
                  {"id": "sum", "type": "expressionNode", "name": "sum", "position": at,
                   "content": {"expressions": expressions}},
                  {"id": "out", "type": "outputNode", "name": "out", "position": at}],
        "edges": [{"id": "1", "sourceId": "in", "targetId": "sum", "type": "edge"},
                  {"id": "2", "sourceId": "sum", "targetId": "out", "type": "edge"}]}))
    accounts = []
    for i in range(ONES):
        account = {c["name"]: columns[c["name"]][i].item() for c in criteria}
        accounts.append({k: None if v != v else v for k, v in account.items()})
    decision.evaluate(accounts[0])
    start = time.perf_counter()
    checksum = sum(decision.evaluate(a)["result"]["score"] for a in accounts)
    print(f"zen one {(time.perf_counter() - start) / ONES:.9f} {checksum:.0f}")


try:
    decide_one_by_one()
except ImportError:
    pass

try:
    import duckdb
except ImportError:
    sys.exit()


def sql_outcome(c):
    name = c["name"]
    if not c["edges"]:
        return name
    cases = " ".join(f"WHEN {name} < {e!r} THEN {i}::UTINYINT" for i, e in enumerate(c["edges"]))
    missing = f"WHEN {name} IS NULL OR isnan({name}) THEN 255::UTINYINT " if c["type"] == "f8" else ""
    return f"CASE {missing}{cases} ELSE {len(c['edges'])}::UTINYINT END"


def sql(c):
    name, points = c["name"], c["points"]
    if not c["edges"]:
        cases = " ".join(f"WHEN {name} = {i} THEN {p}::DOUBLE" for i, p in enumerate(points))
        return f"CASE {cases} END"
    cases = " ".join(f"WHEN {name} < {e!r} THEN {p}::DOUBLE" for e, p in zip(c["edges"], points))
    missing = f"WHEN {name} IS NULL OR isnan({name}) THEN 0::DOUBLE " if c["type"] == "f8" else ""
    return f"CASE {missing}{cases} ELSE {points[-1]}::DOUBLE END"


connection = duckdb.connect()
connection.execute("SET threads = 1")
columns["id"] = np.arange(count, dtype="i4")
connection.register("numbers", columns)
connection.execute("CREATE TABLE accounts AS SELECT * FROM numbers")
queries = {
    "total": f"SELECT id, {' + '.join(sql(c) for c in criteria)} AS score FROM accounts",
    "full": "SELECT *, {} AS score FROM (SELECT id, {} FROM accounts)".format(
        " + ".join(f"part_{c['name']}" for c in criteria),
        ", ".join(f"{sql(c)} AS part_{c['name']}" for c in criteria),
    ),
    "outcomes": "SELECT id, {}, {} AS score FROM accounts".format(
        ", ".join(f"{sql_outcome(c)} AS outcome_{c['name']}" for c in criteria),
        " + ".join(sql(c) for c in criteria),
    ),
}
for _ in range(rounds):
    for what, query in queries.items():
        start = time.perf_counter()
        connection.execute(f"CREATE OR REPLACE TEMP TABLE scored AS {query}")
        seconds = time.perf_counter() - start
        checksum = connection.execute("SELECT sum(score) FROM scored").fetchone()[0]
        print(f"duckdb {what} {seconds:.5f} {checksum:.0f}")
