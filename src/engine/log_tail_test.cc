#include "engine/log_tail.h"

#include <gtest/gtest.h>

#include "engine/test_support.h"

namespace tokamark::engine {
namespace {

TEST(LogTail, JoinsTheLastLinesOldestFirstWithoutEmptyOnes) {
  EXPECT_EQ(tail_line("one\ntwo\n\nthree\n   \nfour\n", 3), "two | three | four");
  EXPECT_EQ(tail_line("", 3), "");
  EXPECT_EQ(tail_line("no newline", 3), "no newline");
}

TEST(LogTail, DropsColoursAndControlCharactersAndReadsProgressBarsLineByLine) {
  EXPECT_EQ(tail_line("\x1b[31mred\x1b[0m\x07 text\n", 1), "red text");
  EXPECT_EQ(tail_line("loading 10%\rloading 90%\r", 1), "loading 90%");
}

TEST(LogTail, CutsALongLineAndNeverInsideACharacter) {
  // 239 letters and a three-byte character that would be cut in its middle.
  const std::string line = std::string(239, 'x') + "\xe2\x82\xac" + "tail";
  EXPECT_EQ(tail_line(line, 1), std::string(239, 'x') + "...");
}

TEST(FirstException, IsTheLastLineOfTheFirstTraceback) {
  const char* log =
      "starting\n"
      "Traceback (most recent call last):\n"
      "  File \"a.py\", line 1, in <module>\n"
      "    main()\n"
      "OSError: [Errno 98] Address already in use\n"
      "\n"
      "During handling of the above exception, another exception occurred:\n"
      "\n"
      "Traceback (most recent call last):\n"
      "  File \"b.py\", line 2, in f\n"
      "RuntimeError: second\n";
  EXPECT_EQ(first_exception(log), "OSError: [Errno 98] Address already in use");
}

// The shape of vLLM's worker logs: every line of the traceback carries the logger's prefix.
TEST(FirstException, LosesTheLoggersPrefix) {
  const char* log =
      "(EngineCore pid=7) ERROR 11-24 07:00:00 [core.py:780] Traceback (most recent call last):\n"
      "(EngineCore pid=7) ERROR 11-24 07:00:00 [core.py:780]   File \"core.py\", line 771, in run\n"
      "(EngineCore pid=7) ERROR 11-24 07:00:00 [core.py:780]     self.start()\n"
      "(EngineCore pid=7) ERROR 11-24 07:00:00 [core.py:780] ValueError: No available memory for "
      "the cache blocks.\n"
      "RuntimeError: Engine core initialization failed. See root cause above.\n";
  EXPECT_EQ(first_exception(log), "ValueError: No available memory for the cache blocks.");
}

TEST(FirstException, IsMissingWithoutATracebackOrInAnUnfinishedOne) {
  EXPECT_FALSE(first_exception("ValueError: only mentioned\n").has_value());
  EXPECT_FALSE(
      first_exception("Traceback (most recent call last):\n  File \"a.py\"\n").has_value());
}

TEST(QuoteLog, StartsAfterEarlierStarts) {
  const test::TemporaryFolder folder;
  const std::string earlier = "Traceback (most recent call last):\nOldError: not this start\n";
  const auto path = folder.write("e.log", earlier + "new line\n");
  EXPECT_EQ(quote_log(path, earlier.size()), "last log lines: new line; log: " + path.string());
  EXPECT_EQ(quote_log(path, log_size(path)), "it wrote nothing; log: " + path.string());
  EXPECT_EQ(last_log_line(path, 0), "new line");
}

}  // namespace
}  // namespace tokamark::engine
