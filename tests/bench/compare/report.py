#!/usr/bin/env python3
"""Makes a table and plots of what holdfast_bench_compare printed.

    report.py RESULTS.jsonl...                           prints the section as Markdown
    report.py RESULTS.jsonl... --into docs/benchmarks.md  puts it between that page's markers
              [--plots FOLDER]                           and SVG plots beside it (default: plots, beside the page)

Several files are several runs of the same program, such as one for each size. Figures are medians with the least and
the most; what is "times faster" is so by the median.
"""

import argparse
import json
import sys
from pathlib import Path

import plots

BEGIN = "<!-- comparison: begin, made by tests/bench/compare/report.py -->"
END = "<!-- comparison: end -->"
# What is plotted by the number of entries.
GROWING = {"get", "put", "open"}
# A cell without a mark survives what a killed process does to it.
MARKS = {"nothing": "‡", "kill": "", "power cut": "†"}
LEGEND = "† outlives a power cut as well. ‡ a kill may lose acknowledged writes. Unmarked: outlives a kill. –: can't."


class Run:
    """The rows of one or more files, in the order in which they were measured."""

    def __init__(self, paths):
        self.header = None
        self.rows = []
        self.left_out = []
        for path in paths:
            for line in Path(path).read_text(encoding="utf-8").splitlines():
                self.add(json.loads(line))
        if self.header is None or not self.rows:
            raise ValueError("there are no results in " + ", ".join(map(str, paths)))

    def add(self, line):
        if "machine" in line:
            self.header = self.header or line
            self.header["versions"].update(line["versions"])
        elif "left_out" in line:
            if line not in self.left_out:
                self.left_out.append(line)
        else:
            self.rows.append(line)

    def stores(self):
        """In the order in which the program knows them."""
        measured = {row["store"] for row in self.rows}
        return [name for name in self.header["versions"] if name in measured]

    def data_sets(self):
        return unique((row["keys"], row["value_bytes"], row["entries"]) for row in self.rows)

    def of(self, data_set):
        return [row for row in self.rows if (row["keys"], row["value_bytes"], row["entries"]) == data_set]


def unique(values):
    return list(dict.fromkeys(values))


def figure(value):
    """Three digits that say something."""
    return f"{value:,.0f}" if value >= 99.5 else f"{value:.3g}"


def cell(row):
    if row is None:
        return "–"
    if row["unit"] == "bytes":
        return f"{row['median'] / 1e6:,.1f} MB"
    spread = f" ({figure(row['least'])}–{figure(row['most'])})" if row["repetitions"] > 1 else ""
    return figure(row["median"]) + MARKS[row["survives"]] + spread


def baseline(cells):
    """What others are compared with: LMDB in the mode that this row is about."""
    ours = cells.get("holdfast")
    durable = ours is not None and ours["survives"] == "power cut"
    return cells.get("lmdb" if durable else "lmdb-nosync")


def times_faster(ours, theirs):
    if ours is None or theirs is None or ours["median"] == 0 or ours["unit"] == "bytes":
        return None
    return theirs["median"] / ours["median"]


def by_workload(rows):
    """{(workload, state): {store: row}} in the order of the run."""
    result = {}
    for row in rows:
        result.setdefault((row["workload"], row["state"]), {})[row["store"]] = row
    return result


def table(header, lines):
    numbers = "|---|---|" + "--:|" * (len(header) - 2)
    return ["| " + " | ".join(header) + " |", numbers] + ["| " + " | ".join(line) + " |" for line in lines]


def results_table(rows, stores):
    lines = []
    for (workload, state), cells in by_workload(rows).items():
        ratio = times_faster(cells.get("holdfast"), baseline(cells))
        lines.append([workload, state, f"{ratio:.2f}" if ratio else ""] + [cell(cells.get(name)) for name in stores])
    return table(["ns an operation", "state", "× LMDB"] + stores, lines)


def latency_table(rows):
    shares = ["p50", "p99", "p99.9", "p99.99", "max"]
    lines = [[row["workload"] + ", " + row["state"], row["store"] + MARKS[row["survives"]]]
             + [figure(row[share]) for share in shares] for row in rows if "p50" in row]
    return table(["ns", "store"] + shares, lines) if lines else []


def modes(run):
    lines = unique((row["store"], run.header["versions"][row["store"]], row["mode"], row["survives"])
                   for row in sorted(run.rows, key=lambda row: run.stores().index(row["store"])))
    return (["| store | version | how it writes | what acknowledged writes outlive |", "|---|---|---|---|"]
            + ["| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines])


def machine(run):
    where = run.header["machine"]
    return (f"{run.header['date']}; {where['processor']}, {where['cores']} cores, {where['memory']}; Linux "
            f"{where['kernel']}, {where['file_system']}; {where['compiler']}, {where['build']}; medians of "
            f"{run.header['repetitions']} repetitions of {run.header['seconds']:g} s.")


def title(data_set):
    keys, value_bytes, entries = data_set
    return f"{entries:,} entries, keys `{keys}`, values of {value_bytes:,} bytes"


def section(run, plot_links):
    lines = [machine(run), "", *modes(run), ""]
    lines += [f"Left out: {each['left_out']}, {each['why']}." for each in run.left_out] + [""]
    for name, link in plot_links:
        lines += [f"![{name}]({link})", ""]
    for data_set in run.data_sets():
        rows = run.of(data_set)
        lines += [f"### {title(data_set)}", "", LEGEND, "", *results_table(rows, run.stores()), ""]
        latency = latency_table(rows)
        if latency:
            lines += ["<details><summary>Latencies</summary>", "", *latency, "", "</details>", ""]
    return "\n".join(lines)


def draw(run, folder):
    """Writes the plots; returns their names and file names."""
    drawn = []
    for data_set in run.data_sets():
        ratios = {}
        for (workload, state), cells in by_workload(run.of(data_set)).items():
            found = {name: times_faster(row, baseline(cells)) for name, row in cells.items()}
            ratios[f"{workload}, {state}"] = {name: ratio for name, ratio in found.items() if ratio}
        ratios = {name: found for name, found in ratios.items() if found}
        if ratios:
            name = "ratios-{}-{}-{}.svg".format(*data_set)
            drawn.append((f"times faster than LMDB: {title(data_set)}", name,
                          plots.ratios(f"times faster than LMDB ({title(data_set)})", ratios, run.stores())))
    for workload, state in unique((row["workload"], row["state"]) for row in run.rows if row["workload"] in GROWING):
        rows = [row for row in run.rows if (row["workload"], row["state"]) == (workload, state)
                and (row["keys"], row["value_bytes"]) == run.data_sets()[0][:2] and row["unit"] == "ns"]
        curves = {name: sorted((row["entries"], row["median"]) for row in rows if row["store"] == name)
                  for name in run.stores()}
        curves = {name: points for name, points in curves.items() if len(points) > 1}
        if curves:
            file = f"growth-{workload}-{state}.svg".replace(" ", "-").replace(":", "-")
            text = f"{workload}, {state}: ns an operation, by entries"
            drawn.append((text, file, plots.growth(text, curves, run.stores())))
    folder.mkdir(parents=True, exist_ok=True)
    for _, file, svg in drawn:
        (folder / file).write_text(svg, encoding="utf-8")
    return [(name, file) for name, file, _ in drawn]


def replace_section(page, text):
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks the markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+")
    parser.add_argument("--into", type=Path)
    parser.add_argument("--plots", type=Path)
    given = parser.parse_args(arguments)
    try:
        run = Run(given.results)
        folder = given.plots or (given.into.parent / "plots" if given.into else None)
        links = [(name, f"{folder.name}/{file}") for name, file in draw(run, folder)] if folder else []
        text = section(run, links)
        if given.into:
            page = replace_section(given.into.read_text(encoding="utf-8"), text)
            given.into.write_text(page, encoding="utf-8")
        else:
            print(text)
    except (OSError, ValueError) as failure:
        print(f"report.py: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
