#include "services/gtm/import/cell.h"

#include <fmt/format.h>
#include <google/protobuf/timestamp.pb.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "gtm/type/v1/money.pb.h"
#include "gtm/type/v1/rules.pb.h"
#include "gtm/type/v1/time.pb.h"

namespace gtm::importing {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kYearMin = 1900;
constexpr int kYearMax = 2200;

// Sets or adds one scalar. For the value of a map, `message` is the entry.
struct Target {
  Message* message;
  const FieldDescriptor* field;
  bool add() const { return field->is_repeated(); }
  const Reflection* reflection() const { return message->GetReflection(); }
  Message* Sub() const {
    return add() ? reflection()->AddMessage(message, field)
                 : reflection()->MutableMessage(message, field);
  }
};

std::string Stripped(std::string_view text, std::string_view characters) {
  std::string kept;
  for (const char c : text) {
    if (characters.find(c) == std::string_view::npos) kept.push_back(c);
  }
  return kept;
}

const type::v1::FieldRule& RuleOf(const FieldDescriptor* field) {
  return field->options().GetExtension(type::v1::rule);
}

Problem CheckRange(const type::v1::FieldRule& rule, double value, std::string_view text) {
  if (rule.has_min() && value < rule.min()) {
    return fmt::format("\"{}\" is below the smallest value allowed, {}", text, rule.min());
  }
  if (rule.has_max() && value > rule.max()) {
    return fmt::format("\"{}\" is above the largest value allowed, {}", text, rule.max());
  }
  return "";
}

// True for UTF-8 as protobuf asks for it.
bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    if (length >= 3) {
      const auto second = static_cast<unsigned char>(text[i + 1]);
      if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
          (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

Problem SetText(const Target& target, std::string_view text) {
  if (!IsUtf8(text)) return "is not UTF-8; set encoding = \"latin-1\" for the file, or convert it";
  const int limit = RuleOf(target.field).max_length();
  const size_t longest = limit == 0 ? 1024 : static_cast<size_t>(limit);
  if (text.size() > longest) {
    return fmt::format("is {} bytes long; at most {} are allowed", text.size(), longest);
  }
  if (target.add()) {
    target.reflection()->AddString(target.message, target.field, std::string(text));
  } else {
    target.reflection()->SetString(target.message, target.field, std::string(text));
  }
  return "";
}

Problem SetWhole(const Target& target, std::string_view text, const CellFormat& format) {
  int64_t micros = 0;
  if (Problem problem = ParseNumber(text, format, &micros); !problem.empty()) return problem;
  const bool scaled = format.scale.numerator != 1 || format.scale.denominator != 1;
  if (micros % kMicrosPerUnit != 0 && !scaled) {
    return fmt::format("\"{}\" is not a whole number", text);
  }
  const int64_t value = MulDivRoundHalfEven(micros, 1, kMicrosPerUnit).value();
  Problem problem = CheckRange(RuleOf(target.field), static_cast<double>(value), text);
  if (!problem.empty()) return problem;
  if (target.field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
    if (value > std::numeric_limits<int32_t>::max() ||
        value < std::numeric_limits<int32_t>::min()) {
      return fmt::format("\"{}\" is out of range", text);
    }
    target.reflection()->SetInt32(target.message, target.field, static_cast<int32_t>(value));
  } else {
    target.reflection()->SetInt64(target.message, target.field, value);
  }
  return "";
}

Problem SetReal(const Target& target, std::string_view text, const CellFormat& format) {
  std::string plain = Stripped(text, format.strip);
  if (format.numbers.group_mark != 0) plain = Stripped(plain, {&format.numbers.group_mark, 1});
  for (char& c : plain) {
    if (c == format.numbers.decimal_mark) c = '.';
  }
  double value = 0;
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (error != std::errc() || end != plain.data() + plain.size() || !std::isfinite(value)) {
    return fmt::format("\"{}\" is not a number", text);
  }
  value = value * static_cast<double>(format.scale.numerator) /
          static_cast<double>(format.scale.denominator);
  Problem problem = CheckRange(RuleOf(target.field), value, text);
  if (!problem.empty()) return problem;
  target.reflection()->SetDouble(target.message, target.field, value);
  return "";
}

Problem SetBool(const Target& target, std::string_view text) {
  const std::string word = absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
  const bool yes = word == "true" || word == "yes" || word == "y" || word == "t" || word == "1";
  const bool no = word == "false" || word == "no" || word == "n" || word == "f" || word == "0";
  if (!yes && !no) return fmt::format("\"{}\" is neither true nor false", text);
  target.reflection()->SetBool(target.message, target.field, yes);
  return "";
}

// "web visit", "web-visit" and "TYPE_WEB_VISIT" name the same value of an enum.
Problem SetEnum(const Target& target, std::string_view text) {
  std::string wanted = absl::AsciiStrToUpper(absl::string_view(text.data(), text.size()));
  for (char& c : wanted) {
    if (c == ' ' || c == '-') c = '_';
  }
  const EnumDescriptor* type = target.field->enum_type();
  const std::string& zero = type->value(0)->name();
  const std::string prefix = zero.substr(0, zero.size() - std::string("UNSPECIFIED").size());
  std::vector<std::string> names;
  for (int i = 1; i < type->value_count(); ++i) {
    const std::string& name = type->value(i)->name();
    if (name == wanted || name == prefix + wanted) {
      target.reflection()->SetEnum(target.message, target.field, type->value(i));
      return "";
    }
    names.push_back(absl::AsciiStrToLower(name.substr(prefix.size())));
  }
  return fmt::format("\"{}\" is none of {}; map it with a value map", text, fmt::join(names, ", "));
}

Problem SetTime(const Target& target, std::string_view text, const CellFormat& format) {
  absl::Time time;
  if (!ParseTime(text, format, &time)) {
    return fmt::format("\"{}\" is not a date of the form {}", text,
                       fmt::join(format.dates, " or "));
  }
  auto* stamp = static_cast<google::protobuf::Timestamp*>(target.Sub());
  stamp->set_seconds(absl::ToUnixSeconds(time));
  const int64_t micros = absl::ToInt64Microseconds(time - absl::FromUnixSeconds(stamp->seconds()));
  stamp->set_nanos(static_cast<int32_t>(micros * 1'000));
  return "";
}

Problem SetDate(const Target& target, std::string_view text, const CellFormat& format) {
  absl::Time time;
  if (!ParseTime(text, format, &time)) {
    return fmt::format("\"{}\" is not a date of the form {}", text,
                       fmt::join(format.dates, " or "));
  }
  const absl::CivilDay day = absl::ToCivilDay(time, format.time_zone);
  auto* date = static_cast<type::v1::Date*>(target.Sub());
  date->set_year(static_cast<int32_t>(day.year()));
  date->set_month(day.month());
  date->set_day(day.day());
  return "";
}

Problem SetMoney(const Target& target, std::string_view text, const CellFormat& format,
                 std::string_view currency) {
  const auto code = Currency::Parse(currency);
  if (!code.ok()) return fmt::format("\"{}\" is not a currency such as USD", currency);
  int64_t micros = 0;
  if (Problem problem = ParseNumber(text, format, &micros); !problem.empty()) return problem;
  auto* money = static_cast<type::v1::Money*>(target.Sub());
  money->set_currency_code(std::string(currency));
  money->set_units(micros / kMicrosPerUnit);
  money->set_nanos(static_cast<int32_t>(micros % kMicrosPerUnit * 1'000));
  return "";
}

Problem FillOne(const Target& target, LeafKind kind, std::string_view text,
                const CellFormat& format, std::string_view currency) {
  switch (kind) {
    case LeafKind::kText:
      return SetText(target, text);
    case LeafKind::kWhole:
      return SetWhole(target, text, format);
    case LeafKind::kReal:
      return SetReal(target, text, format);
    case LeafKind::kBool:
      return SetBool(target, text);
    case LeafKind::kEnum:
      return SetEnum(target, text);
    case LeafKind::kTimestamp:
      return SetTime(target, text, format);
    case LeafKind::kDate:
      return SetDate(target, text, format);
    case LeafKind::kMoney:
      return SetMoney(target, text, format, currency);
  }
  return "cannot be filled";
}

bool InRange(absl::Time time, absl::TimeZone zone) {
  const auto year = absl::ToCivilYear(time, zone).year();
  return year >= kYearMin && year <= kYearMax;
}

}  // namespace

Problem ParseNumber(std::string_view text, const CellFormat& format, int64_t* micros) {
  const std::string plain = Stripped(text, format.strip);
  auto parsed = ParseMicros(plain, format.numbers, "cell");
  if (!parsed.ok()) return parsed.error().violations().front().description;
  auto scaled = MulDivRoundHalfEven(*parsed, format.scale.numerator, format.scale.denominator);
  if (!scaled.ok()) return fmt::format("\"{}\" is out of range", text);
  *micros = *scaled;
  return "";
}

bool ParseTime(std::string_view text, const CellFormat& format, absl::Time* time) {
  const absl::string_view input(text.data(), text.size());
  for (const std::string& date : format.dates) {
    if (date == "unix" || date == "unix_ms" || date == "excel") {
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) continue;
      if (date == "excel") {
        const absl::CivilSecond start(1899, 12, 30);
        *time = absl::FromCivil(start + std::llround(number * 86'400), format.time_zone);
      } else {
        const double seconds = date == "unix" ? number : number / 1'000;
        *time = absl::UnixEpoch() + absl::Seconds(seconds);
      }
    } else {
      std::string ignored;
      if (text.empty() || text.front() == 'i' ||
          !absl::ParseTime(date, input, format.time_zone, time, &ignored)) {
        continue;
      }
    }
    if (InRange(*time, format.time_zone)) return true;
  }
  return false;
}

Problem FillField(const FieldPath& path, std::string_view text, const CellFormat& format,
                  std::string_view currency, Message* message) {
  for (const FieldDescriptor* step : path.steps) {
    message = message->GetReflection()->MutableMessage(message, step);
  }
  if (path.leaf->is_map()) {
    const FieldDescriptor* value = path.value_field();
    Message* entry = message->GetReflection()->AddMessage(message, path.leaf);
    const FieldDescriptor* key = path.leaf->message_type()->map_key();
    entry->GetReflection()->SetString(entry, key, path.map_key);
    Problem problem = FillOne({entry, value}, path.kind, text, format, currency);
    if (!problem.empty()) message->GetReflection()->RemoveLast(message, path.leaf);
    return problem;
  }
  if (!path.leaf->is_repeated() || format.split == 0) {
    return FillOne({message, path.leaf}, path.kind, text, format, currency);
  }
  while (!text.empty()) {
    const size_t end = text.find(format.split);
    const auto item = absl::StripAsciiWhitespace(
        absl::string_view(text.data(), end == std::string_view::npos ? text.size() : end));
    if (!item.empty()) {
      Problem problem =
          FillOne({message, path.leaf}, path.kind, {item.data(), item.size()}, format, currency);
      if (!problem.empty()) return problem;
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return "";
}

}  // namespace gtm::importing
