#include "ctl/manual.hpp"

#include "admin/command.hpp"

#include <algorithm>
#include <cstddef>

namespace tandemq {
namespace {

constexpr std::string_view kHead =
    "Usage: tandemqctl [--socket=PATH] [--json] COMMAND ...\n"
    "Looks at a running tandemqd and changes what it does; verifies and restores its data.\n\n";
constexpr std::string_view kOptions =
    "\nOptions may stand anywhere:\n"
    "  --socket=PATH  the broker's admin.socket; otherwise $TANDEMQ_SOCKET, or\n"
    "                 /run/tandemq/admin.sock\n"
    "  --json         print JSON: an object, or for lists and streams an object a line\n"
    "  --help         this text, or that of a command: tandemqctl COMMAND --help\n"
    "  --version      the version of tandemqctl\n"
    "\nExit status: 0 done, 1 the broker says no, 2 wrong usage or no broker.\n"
    "Offline, with --data-dir: 1 the data are damaged, or it was not possible.\n";

constexpr std::string_view kManHead =
    ".\\\" Generated from the command table: make docs\n"
    ".TH TANDEMQCTL 1 \"\" tandemq \"User commands\"\n"
    ".SH NAME\n"
    "tandemqctl \\- look at a running MQTT broker tandemqd, and operate it\n"
    ".SH SYNOPSIS\n"
    ".B tandemqctl\n"
    "[\\-\\-socket=PATH] [\\-\\-json] COMMAND ...\n"
    ".SH DESCRIPTION\n"
    "Talks to the broker over its admin socket, and prints tables for people or, with\n"
    ".BR \\-\\-json ,\n"
    "JSON for programs: one object, or for lists and streams one object a line. Times in JSON are\n"
    "milliseconds since 1970 UTC. A payload that is no text stands in base64 under\n"
    ".IR payload_base64 .\n"
    ".PP\n"
    "Who can write to the socket administers the broker; it belongs to the broker's user and "
    "group\n"
    "and has the mode 0660.\n"
    ".PP\n"
    "The commands with\n"
    ".B \\-\\-data\\-dir\n"
    "talk to nobody: they work on the files of a broker that does not run, and want to be run by\n"
    "its user or by root.\n"
    ".SH OPTIONS\n"
    "Options may stand anywhere; a \\-\\- ends them.\n"
    ".TP\n.BI \\-\\-socket= PATH\n"
    "The socket, admin.socket in the configuration of the broker.\n"
    ".TP\n.B \\-\\-json\n"
    "Print JSON.\n"
    ".TP\n.B \\-\\-help\n"
    "Print all commands, or with a COMMAND what it takes.\n"
    ".TP\n.B \\-\\-version\n"
    "Print the version.\n"
    ".SH COMMANDS\n";
constexpr std::string_view kManTail =
    ".SH EXIT STATUS\n"
    "0: done. 1: the broker refused it, or found nothing; offline, the data are damaged, or it "
    "was\n"
    "not possible. 2: the command line is wrong, or no broker answers.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B TANDEMQ_SOCKET\n"
    "The socket, where \\-\\-socket does not name it.\n"
    ".SH FILES\n"
    ".TP\n.I /run/tandemq/admin.sock\n"
    "The socket, where nothing else names it.\n"
    ".SH EXAMPLES\n"
    ".nf\n"
    "tandemqctl clients list\n"
    "tandemqctl subscribe \\(aq#\\(aq\n"
    "tandemqctl drops \\-\\-client meter\\-7 \\-\\-follow\n"
    "tandemqctl \\-\\-json sessions list | jq \\(aqselect(.queued > 1000) | .client\\(aq\n"
    "tandemqctl backup create /srv/backup/monday\n"
    "tandemqctl backup restore /srv/backup/monday \\-\\-data\\-dir=/var/lib/tandemq \\-\\-replace "
    "\\e\n"
    "  \\-\\-archive=/srv/archive \\-\\-until=2026\\-11\\-21T10:00:00Z\n"
    ".fi\n"
    ".SH SEE ALSO\n"
    ".BR tandemq.conf (5)\n";

std::string first_sentence(std::string_view about) {
  return std::string(about.substr(0, std::min(about.find(". "), about.size() - 1) + 1));
}

std::string name_of(const CommandArgument& argument) {
  std::string name = option_of(argument.name);
  const bool plain =
      argument.kind == CommandArgument::Kind::word || argument.kind == CommandArgument::Kind::words;
  if (!plain) return name;
  name.erase(0, 2);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return name;
}

std::string details_of(const Command& command) {
  std::string text = "Usage: tandemqctl " + usage_of(command) + "\n";
  text.append(command.about).append("\n");
  for (const CommandArgument& argument : command.arguments) {
    constexpr std::size_t kWidth = 18;
    std::string name = name_of(argument);
    name.resize(std::max(kWidth, name.size() + 2), ' ');
    text.append("  ").append(name).append(argument.about).append("\n");
  }
  return text;
}

std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '-') out += '\\';
    out += c == '\\' ? 'e' : c;
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

}  // namespace

std::string help_text(std::string_view topic) {
  if (const Command* command = find_command(topic)) return details_of(*command);
  std::string text;
  for (const Command& command : commands()) {
    if (!topic.empty() && !command.name.starts_with(std::string(topic) + " ")) continue;
    text += "  " + usage_of(command) + "\n      " + first_sentence(command.about) + "\n";
  }
  if (text.empty()) return {};
  return std::string(kHead) + text + std::string(kOptions);
}

std::string man_page() {
  std::string page(kManHead);
  for (const Command& command : commands()) {
    page += ".TP\n.B " + roff(usage_of(command)) + "\n" + roff(command.about) + "\n";
    if (command.arguments.empty()) continue;
    page += ".RS\n";
    for (const CommandArgument& argument : command.arguments)
      page += ".TP\n.B " + roff(name_of(argument)) + "\n" + roff(argument.about) + "\n";
    page += ".RE\n";
  }
  return page.append(kManTail);
}

}  // namespace tandemq
