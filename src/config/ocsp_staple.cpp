#include "config/ocsp_staple.hpp"

#include "config/files.hpp"

#include <array>
#include <ctime>
#include <limits>
#include <memory>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

namespace tandemq {
namespace {

using Response = std::unique_ptr<OCSP_RESPONSE, void (*)(OCSP_RESPONSE*)>;
using Basic = std::unique_ptr<OCSP_BASICRESP, void (*)(OCSP_BASICRESP*)>;

bool is_about(const OCSP_SINGLERESP* single, const X509* certificate) {
  ASN1_OCTET_STRING* issuer = nullptr;
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* serial = nullptr;
  // It only looks, but has forgotten to say so.
  auto* const id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
  OCSP_id_get0_info(&issuer, &algorithm, nullptr, &serial, id);
  const EVP_MD* const digest = EVP_get_digestbyobj(algorithm);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (digest == nullptr || ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) != 0 ||
      X509_NAME_digest(X509_get_issuer_name(certificate), digest, hash.data(), &size) != 1)
    return false;
  const std::string_view ours(reinterpret_cast<const char*>(hash.data()), size);
  return ours == std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(issuer)),
                                  static_cast<std::size_t>(ASN1_STRING_length(issuer)));
}

OCSP_SINGLERESP* find_answer(OCSP_BASICRESP* basic, const X509* certificate) {
  for (int i = 0; i < OCSP_resp_count(basic); ++i)
    if (OCSP_SINGLERESP* one = OCSP_resp_get0(basic, i); is_about(one, certificate)) return one;
  return nullptr;
}

std::int64_t unix_time_of(const ASN1_GENERALIZEDTIME* time, std::int64_t without) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return without;
  return ::timegm(&parts);
}

}  // namespace

Result<OcspStaple> read_ocsp_staple(const TlsFile& file, const X509* certificate) {
  const auto refused = [&](const std::string& why) { return failure(file.name + ": " + why); };
  auto der = read_text_file(file.path);
  if (!der) return refused(der.error().text);
  const auto* bytes = reinterpret_cast<const unsigned char*>(der->data());
  const unsigned char* const end = bytes + der->size();
  const Response response(d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(der->size())),
                          OCSP_RESPONSE_free);
  if (!response || bytes != end) {
    ERR_clear_error();
    return refused("holds no OCSP response in DER; 'openssl ocsp ... -respout FILE' writes one");
  }
  if (const int status = OCSP_response_status(response.get());
      status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return refused(std::string("the responder has refused to answer: ") +
                   OCSP_response_status_str(status));
  const Basic basic(OCSP_response_get1_basic(response.get()), OCSP_BASICRESP_free);
  ERR_clear_error();
  OCSP_SINGLERESP* const answer = basic ? find_answer(basic.get(), certificate) : nullptr;
  if (answer == nullptr) return refused("is no answer about the certificate of the listener");
  ASN1_GENERALIZEDTIME* from = nullptr;
  ASN1_GENERALIZEDTIME* until = nullptr;
  const int verdict = OCSP_single_get0_status(answer, nullptr, nullptr, &from, &until);
  if (verdict != V_OCSP_CERTSTATUS_GOOD)
    return refused(std::string("says of the certificate: ") + OCSP_cert_status_str(verdict));
  constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
  return OcspStaple{std::move(*der), unix_time_of(from, kForever), unix_time_of(until, kForever)};
}

std::string objection_to_times(const OcspStaple& staple, std::int64_t now_s) {
  if (now_s >= staple.until_s) return "is out of date";
  return now_s < staple.from_s ? "is not valid yet; is the clock of this machine right?" : "";
}

}  // namespace tandemq
