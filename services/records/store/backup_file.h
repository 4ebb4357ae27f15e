#pragma once
// The file of a backup: frames of bytes with checksums, and a trailer that proves that it is
// whole. Knows nothing of tables.
//
// Format. "GTMBACK1", then frames: kind (1 byte), size of the payload (4 bytes, little
// endian), payload, the first 8 bytes of the SHA-256 of all that. The first frame is of kind
// kHeader, the last of kind kTrailer: its payload is the 32 bytes of the SHA-256 of
// everything before the frame. Nothing follows it.

#include <openssl/evp.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "common/core/result.h"

namespace gtm::records::store {

inline constexpr std::string_view kBackupMagic = "GTMBACK1";
// Kinds of frames. Those of tables are in backup.cc.
inline constexpr uint8_t kHeaderFrame = 1;
inline constexpr uint8_t kTrailerFrame = 255;
// A writer ends a frame soon after this; a reader refuses one that is larger than the second.
inline constexpr size_t kFrameBytes = 1 << 20;
inline constexpr size_t kFrameBytesMax = 64 << 20;

// SHA-256 of a stream.
class StreamDigest {
 public:
  StreamDigest();
  void Update(std::string_view bytes);
  std::string Finish();  // 32 bytes; nothing may be added afterwards

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, FileCloser>;

// Writes a backup beside its place and puts it there when it is whole and on disk. Without
// Finish nothing is left behind. Not thread-safe.
class BackupWriter {
 public:
  // Error: INVALID_FIELDS ("--to") where the file cannot be made.
  static Result<std::unique_ptr<BackupWriter>> Create(const std::string& path);
  ~BackupWriter();

  // Error: STORE_FULL where the disk is.
  Status Add(uint8_t kind, std::string_view payload);
  // Returns the digest in the trailer, as hex.
  Result<std::string> Finish();
  int64_t byte_count() const { return byte_count_; }

 private:
  explicit BackupWriter(std::string path);
  Status Write(std::string_view bytes);
  Status PutInPlace();

  const std::string path_;
  const std::string part_path_;
  FilePtr file_;
  StreamDigest digest_;
  int64_t byte_count_ = 0;
};

// Reads a backup and refuses one that is cut, altered or of another kind: INVALID_FIELDS
// ("--from") where it cannot be opened or is no backup, else STORE_DAMAGED. Not thread-safe.
class BackupReader {
 public:
  static Result<std::unique_ptr<BackupReader>> Open(const std::string& path);

  struct Frame {
    uint8_t kind = 0;
    std::string payload;
  };
  // The next frame, checked. Of the trailer: the file has been proved whole, and the payload
  // is its digest as hex.
  Result<Frame> Next();
  int64_t byte_count() const { return byte_count_; }  // read so far
  int64_t size() const { return size_; }

 private:
  BackupReader(FilePtr file, int64_t size) : file_(std::move(file)), size_(size) {}
  Status Read(size_t size, std::string* bytes);

  FilePtr file_;
  const int64_t size_;
  StreamDigest digest_;
  int64_t byte_count_ = 0;
};

// "the backup is damaged: ...".
Error BackupDamaged(std::string_view what);

// 32 bytes as 64 hex digits.
std::string HexOf(std::string_view bytes);

}  // namespace gtm::records::store
