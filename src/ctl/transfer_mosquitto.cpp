// import mosquitto: its configuration becomes text, its database goes to the broker as lines.
#include "config/files.hpp"
#include "ctl/status.hpp"
#include "ctl/transfer.hpp"
#include "transfer/mosquitto_conf.hpp"
#include "transfer/mosquitto_db.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>
#include <vector>

namespace tandemq {
namespace {

// The files of a folder that an include_dir takes in, in the order of their names.
Result<std::vector<MosquittoText>> read_folder(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".conf") paths.push_back(entry->path().string());
  if (error) return failure("The folder '" + folder + "' cannot be read: " + error.message() + ".");
  std::ranges::sort(paths);
  std::vector<MosquittoText> texts;
  for (const std::string& path : paths) {
    auto text = read_text_file(path);
    if (!text) return tl::unexpected(std::move(text.error()));
    texts.push_back({path, std::move(*text), folder});
  }
  return texts;
}

Result<MosquittoConf> read_conf(const std::string& path) {
  auto main_text = read_text_file(path);
  if (!main_text) return tl::unexpected(std::move(main_text.error()));
  const std::vector<std::string> folders = included_folders(*main_text);
  std::vector<MosquittoText> texts = {{path, std::move(*main_text), {}}};
  for (const std::string& folder : folders) {
    auto included = read_folder(folder);
    if (!included) return tl::unexpected(std::move(included.error()));
    std::ranges::move(*included, std::back_inserter(texts));
  }
  return translate_mosquitto_conf(texts);
}

Result<void> write_new_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wxe");
  if (file == nullptr)
    return failure("'" + path + "' cannot be written, or is there already; it is not overwritten.");
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) == 0 && written) return {};
  return failure("'" + path + "' could not be written to its end.");
}

std::string text_of(const MosquittoConf& conf, const std::string& path) {
  std::string text = "# Translated from " + path + ".\n";
  for (const std::string& line : conf.lines) text += line + "\n";
  return text;
}

Result<void> put_conf(const Request& request, const MosquittoConf& conf) {
  for (const std::string& note : conf.notes) std::cerr << note << "\n";
  const std::string text = text_of(conf, request.arguments.value("conf", std::string()));
  const std::string out = request.arguments.value("out", std::string());
  const bool to_file = !out.empty() && !request.arguments.value("dry_run", false);
  if (to_file) return write_new_file(out, text);
  std::cout << text << std::flush;
  return {};
}

Result<MosquittoDb> read_db(const std::string& path, Instant now) {
  auto bytes = read_text_file(path);
  if (!bytes) return tl::unexpected(std::move(bytes.error()));
  auto db = read_mosquitto_db(*bytes, now);
  if (db) return db;
  return failure("'" + path + "' cannot be imported: " + db.error().text);
}

int send_lines(const AdminClient& client, const Request& request, const MosquittoDb& db,
               Instant now) {
  ImportSender sender = make_sender(client, request.arguments.value("replace", false));
  Progress progress("lines sent");
  ImportSender::Sent sent;
  for (const Line& line : db.lines) {
    sent = sender.add(line_text(line));
    progress.show(sender.lines());
    if (!sent) break;
  }
  if (sent) sent = sender.finish();
  std::cerr << summary_of(request, sender, now);
  if (!sent) return complain(sent.error());
  return sender.refused_count() == 0 ? kDone : kRefused;
}

}  // namespace

int run_import_mosquitto(const AdminClient& client, const Request& request, Instant now) {
  const Json& arguments = request.arguments;
  const std::string conf_path = arguments.value("conf", std::string());
  std::string db_path = arguments.value("db", std::string());
  if (conf_path.empty() && db_path.empty())
    return complain(kWrongUse, "import mosquitto needs --conf=FILE, or --db=FILE.");
  if (!conf_path.empty()) {
    const auto conf = read_conf(conf_path);
    if (!conf) return complain(kRefused, conf.error().text);
    if (auto put = put_conf(request, *conf); !put) return complain(kRefused, put.error().text);
    if (db_path.empty()) db_path = conf->database;
  }
  if (arguments.value("no_db", false)) return kDone;
  if (db_path.empty())
    return complain(kRefused,
                    "The configuration names no mosquitto.db: Mosquitto keeps nothing, or --db has "
                    "to say where it is.");
  const auto db = read_db(db_path, now);
  if (!db) return complain(kRefused, db.error().text);
  for (const std::string& sentence : db->report) std::cerr << sentence << "\n";
  if (!arguments.value("dry_run", false)) return send_lines(client, request, *db, now);
  std::cerr << db->lines.size() << " lines would be imported.\n";
  return kDone;
}

}  // namespace tandemq
