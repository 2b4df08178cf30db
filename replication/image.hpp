// Image: all tables of a snapshot as pieces that fit a frame, for a standby that is too far behind
// for the log. ImageSource cuts them, ImageTarget puts them into an empty store. The row of meta
// comes last, so a store without it is not whole.
// Pure over the Store contract; one thread each.
#pragma once

#include "base/result.hpp"
#include "replication/protocol.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tandemq {

class ImageSource {
 public:
  // The tables of the snapshot must hold something: an Error says that they do not.
  static Result<ImageSource> open(std::uint64_t image, std::unique_ptr<TableSnapshot> snapshot);

  // What begins the image, or goes on behind `progress`.
  [[nodiscard]] ImageBegin begin() const;
  // False: the progress is not of this image; it has to begin anew.
  bool resume(const ImageProgress& progress);
  // About `bytes_max` of rows of one table, one row at least. Nothing: that was all.
  Result<std::optional<ImageRows>> next(std::uint64_t bytes_max);
  [[nodiscard]] ImageEnd end() const;  // After all.
  [[nodiscard]] const Position& at() const { return at_; }

 private:
  // The end of a piece, where a target may go on.
  struct Mark {
    Table table{};
    std::uint64_t key = 0;  // Its checksum.
    std::uint64_t rows = 0;
    std::uint64_t checksum = 0;
  };

  ImageSource(std::uint64_t image, std::unique_ptr<TableSnapshot> snapshot);
  Result<void> read_meta();
  ImageRows last_piece();
  void count(const ImageRows& piece);

  std::uint64_t image_;
  std::unique_ptr<TableSnapshot> snapshot_;
  TableRow meta_;
  Position at_;
  bool resumed_ = false;

  // How far it has come.
  bool at_end_ = false;
  Table table_;
  std::string last_key_;  // Of that table.
  std::uint64_t rows_ = 0;
  std::uint64_t checksum_ = 0;
  std::vector<Mark> marks_;  // Of every piece so far: 32 bytes for one of 256K.
};

class ImageTarget {
 public:
  // `store` holds nothing, or, if the image is resumed, what was taken of it: that is read. What
  // cannot be read is told by the next call.
  ImageTarget(Store& store, const ImageBegin& begin);

  // In one write. An error: the rows are not in order, or are no rows. Nothing of them was written.
  Result<void> take(const ImageRows& rows);
  // Writes the row of meta and syncs. An error: rows are missing, or the checksum differs.
  Result<void> finish(const ImageEnd& end);
  // What is in the store; without the row of meta, which waits for the end.
  [[nodiscard]] ImageProgress progress() const;

 private:
  void count_rows_of_store();
  Result<void> take_meta(const ImageRows& rows);
  [[nodiscard]] std::string objection_to(const ImageRows& rows) const;

  Store& store_;
  ImageBegin begin_;
  Result<void> readable_;
  Table table_;
  std::string last_key_;  // Of that table.
  std::uint64_t rows_ = 0;
  std::uint64_t checksum_ = 0;
  std::optional<TableRow> meta_;
};

}  // namespace tandemq
