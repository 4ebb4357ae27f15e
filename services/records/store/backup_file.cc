#include "services/records/store/backup_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "services/records/store/errors.h"

namespace gtm::records::store {
namespace {

constexpr size_t kHeadBytes = 5;
constexpr size_t kChecksumBytes = 8;
constexpr size_t kDigestBytes = 32;

std::string HeadOf(uint8_t kind, size_t size) {
  std::string head(1, static_cast<char>(kind));
  for (int shift = 0; shift < 32; shift += 8) head += static_cast<char>(size >> shift & 0xff);
  return head;
}

std::string ChecksumOf(std::string_view head, std::string_view payload) {
  StreamDigest digest;
  digest.Update(head);
  digest.Update(payload);
  return digest.Finish().substr(0, kChecksumBytes);
}

Error FileError(const std::string& flag, const std::string& path) {
  return InvalidField(flag, fmt::format("{}: {}", path, std::strerror(errno)));
}

// So that a new name survives a power loss. Where the folder cannot be opened, it does not.
void SyncFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int handle =
      open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return;
  (void)fsync(handle);
  close(handle);
}

}  // namespace

StreamDigest::StreamDigest() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

void StreamDigest::Update(std::string_view bytes) {
  EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string StreamDigest::Finish() {
  std::string digest(kDigestBytes, '\0');
  EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

Error BackupDamaged(std::string_view what) {
  return Error(Reason::STORE_DAMAGED,
               fmt::format("the backup is damaged: {}; use another one", what));
}

std::string HexOf(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

BackupWriter::BackupWriter(std::string path)
    : path_(std::move(path)), part_path_(path_ + ".part") {}

BackupWriter::~BackupWriter() {
  if (file_ == nullptr) return;
  file_.reset();
  std::error_code ignored;
  std::filesystem::remove(part_path_, ignored);
}

Result<std::unique_ptr<BackupWriter>> BackupWriter::Create(const std::string& path) {
  std::unique_ptr<BackupWriter> writer(new BackupWriter(path));
  // Records of people: for the owner's eyes only. A part that a killed run left is overwritten.
  const int handle = open(writer->part_path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (handle < 0) return FileError("--to", writer->part_path_);
  if (flock(handle, LOCK_EX | LOCK_NB) != 0) {
    close(handle);
    return InvalidField("--to", fmt::format("another backup to {} is running", path));
  }
  writer->file_.reset(fdopen(handle, "wb"));
  if (ftruncate(handle, 0) != 0) return FileError("--to", writer->part_path_);
  GTM_RETURN_IF_ERROR(writer->Write(kBackupMagic));
  return writer;
}

Status BackupWriter::Write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
    if (errno == ENOSPC || errno == EDQUOT) {
      return Error(Reason::STORE_FULL, fmt::format("{}: no space left for the backup", part_path_));
    }
    return FileError("--to", part_path_);
  }
  digest_.Update(bytes);
  byte_count_ += static_cast<int64_t>(bytes.size());
  return {};
}

Status BackupWriter::Add(uint8_t kind, std::string_view payload) {
  const std::string head = HeadOf(kind, payload.size());
  GTM_RETURN_IF_ERROR(Write(head));
  GTM_RETURN_IF_ERROR(Write(payload));
  return Write(ChecksumOf(head, payload));
}

Result<std::string> BackupWriter::Finish() {
  const std::string digest = std::exchange(digest_, StreamDigest()).Finish();
  GTM_RETURN_IF_ERROR(Add(kTrailerFrame, digest));
  GTM_RETURN_IF_ERROR(PutInPlace());
  return HexOf(digest);
}

Status BackupWriter::PutInPlace() {
  const bool is_written = std::fflush(file_.get()) == 0 && fsync(fileno(file_.get())) == 0;
  if (!is_written || std::rename(part_path_.c_str(), path_.c_str()) != 0) {
    return FileError("--to", path_);
  }
  file_.reset();
  SyncFolderOf(path_);
  return {};
}

Result<std::unique_ptr<BackupReader>> BackupReader::Open(const std::string& path) {
  FilePtr file(std::fopen(path.c_str(), "rbe"));
  if (file == nullptr) return FileError("--from", path);
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return InvalidField("--from", fmt::format("{}: {}", path, error.message()));
  std::unique_ptr<BackupReader> reader(
      new BackupReader(std::move(file), static_cast<int64_t>(size)));
  std::string magic;
  if (!reader->Read(kBackupMagic.size(), &magic).ok() || magic != kBackupMagic) {
    return InvalidField("--from", fmt::format("{} is no backup of gtm", path));
  }
  reader->digest_.Update(magic);
  return reader;
}

Status BackupReader::Read(size_t size, std::string* bytes) {
  bytes->resize(size);
  if (std::fread(bytes->data(), 1, size, file_.get()) != size) {
    return BackupDamaged(fmt::format("it ends after {} bytes, before its trailer", byte_count_));
  }
  byte_count_ += static_cast<int64_t>(size);
  return {};
}

Result<BackupReader::Frame> BackupReader::Next() {
  const int64_t begin = byte_count_;
  std::string head;
  GTM_RETURN_IF_ERROR(Read(kHeadBytes, &head));
  Frame frame;
  frame.kind = static_cast<uint8_t>(head[0]);
  size_t size = 0;
  for (size_t i = 0; i < 4; ++i) size |= size_t{static_cast<uint8_t>(head[i + 1])} << (8 * i);
  if (size > kFrameBytesMax) {
    return BackupDamaged(fmt::format("a frame of {} bytes at byte {}", size, begin));
  }
  std::string checksum;
  GTM_RETURN_IF_ERROR(Read(size, &frame.payload));
  GTM_RETURN_IF_ERROR(Read(kChecksumBytes, &checksum));
  if (checksum != ChecksumOf(head, frame.payload)) {
    return BackupDamaged(fmt::format("a wrong checksum of the frame at byte {}", begin));
  }
  if (frame.kind == kTrailerFrame) {
    if (frame.payload != digest_.Finish()) return BackupDamaged("frames are missing or changed");
    if (byte_count_ != size_) return BackupDamaged("bytes follow its trailer");
    frame.payload = HexOf(frame.payload);
    return frame;
  }
  for (const std::string* part : {&head, &frame.payload, &checksum}) digest_.Update(*part);
  return frame;
}

}  // namespace gtm::records::store
