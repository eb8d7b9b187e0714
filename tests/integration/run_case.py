#!/usr/bin/env python3
"""Runs one integration test, or checks that CMakeLists.txt lists all of them.

    run_case.py --binary TOKAMARK --source DIR [--slow-client LIBRARY] [--stub-nvml LIBRARY]
                MODULE.TEST
    run_case.py --check-list CMakeLists.txt

MODULE is a file MODULE_cases.py beside this one, and TEST one of its tests without "test_". Exit
status 77, and the reason on standard output, when the test cannot run on this machine.
"""

import argparse
import importlib
import re
import sys
import unittest
from pathlib import Path

SKIPPED = 77
HERE = Path(__file__).parent

sys.path.insert(0, str(HERE))
from case import IntegrationCase  # noqa: E402  (needs the path)


def cases_of(module_name):
    """The tests of a module by their short name: (class, method)."""
    module = importlib.import_module(f"{module_name}_cases")
    found = {}
    for cls in vars(module).values():
        if isinstance(cls, type) and cls.__module__ == module.__name__:
            for method in unittest.TestLoader().getTestCaseNames(cls):
                found[method.removeprefix("test_")] = (cls, method)
    return found


def check_list(cmake_file):
    """Every test is in the list of CMakeLists.txt, and nothing else is."""
    listed = set(re.findall(r"^tokamark_case\(([^\s)]+)", cmake_file.read_text(), re.MULTILINE))
    written = set()
    for path in HERE.glob("*_cases.py"):
        module = path.stem.removesuffix("_cases")
        written |= {f"{module}.{name}" for name in cases_of(module)}
    for name in sorted(written - listed):
        print(f"{name} is not listed in {cmake_file}")
    for name in sorted(listed - written):
        print(f"{name} is listed in {cmake_file} and does not exist")
    return 0 if listed == written else 1


def run(name):
    module, _, test = name.partition(".")
    cls, method = cases_of(module)[test]
    result = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite([cls(method)]))
    if result.skipped:
        print(f"skipped: {result.skipped[0][1]}")
        return SKIPPED
    return 0 if result.wasSuccessful() else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--slow-client", type=Path, help="the library of tests/faults")
    parser.add_argument("--stub-nvml", type=Path, help="the stand-in for libnvidia-ml.so.1")
    parser.add_argument("--check-list", type=Path)
    parser.add_argument("case", nargs="?")
    flags = parser.parse_args()
    if flags.check_list:
        return check_list(flags.check_list)
    if not (flags.binary and flags.source and flags.case):
        parser.error("--binary, --source and a case are needed")
    IntegrationCase.binary = flags.binary.resolve()
    IntegrationCase.source = flags.source.resolve()
    IntegrationCase.slow_client = flags.slow_client and flags.slow_client.resolve()
    IntegrationCase.stub_nvml = flags.stub_nvml and flags.stub_nvml.resolve()
    return run(flags.case)


if __name__ == "__main__":
    sys.exit(main())
