#include "net/tls.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "net/connection.h"

namespace tokamark::net {
namespace {

/// A key and a certificate for 127.0.0.1 that signed itself.
struct Identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();

  Identity() {
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* address =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, address, -1);
    X509_EXTENSION_free(address);
    X509_sign(certificate, key, EVP_sha256());
  }
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
};

/// Accepts one TLS connection, reads "ping", answers "pong" and closes.
class TlsServer {
 public:
  explicit TlsServer(const Identity& identity) : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate(context_, identity.certificate);
    SSL_CTX_use_PrivateKey(context_, identity.key);
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    url = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  std::string url;

 private:
  void serve() {
    const int socket = ::accept(listener_, nullptr, nullptr);
    SSL* session = SSL_new(context_);
    SSL_set_fd(session, socket);
    char got[8];
    if (SSL_accept(session) == 1 && SSL_read(session, got, 4) == 4) {
      SSL_write(session, "pong", 4);
      SSL_shutdown(session);
    }
    SSL_free(session);
    ::close(socket);
  }
  SSL_CTX* context_;
  int listener_ = -1;
  std::thread thread_;
};

/// Drives the connection until it is open or failed.
void open(Connection& connection) {
  using State = Connection::State;
  for (int i = 0; i < 200; ++i) {
    if (connection.state() == State::open || connection.state() == State::failed) return;
    pollfd ready{connection.socket(), POLLIN, 0};
    ::poll(&ready, 1, 50);
    connection.advance();
  }
}

/// Bytes of the next read that is not would_block.
Received next(Connection& connection, char* buffer, std::size_t size) {
  for (int i = 0; i < 200; ++i) {
    const Received got = connection.read(buffer, size);
    if (got.status != Received::Status::would_block) return got;
    pollfd ready{connection.socket(), POLLIN, 0};
    ::poll(&ready, 1, 50);
  }
  return {};
}

/// A server with this certificate, and a connection to it after its handshake.
struct Session {
  explicit Session(const Identity& identity) : server(identity) {
    connection.connect(endpoint, TlsContext::make().value());
    open(connection);
  }
  TlsServer server;
  Endpoint endpoint = resolve(server.url).value();
  Connection connection;
};

class Tls : public testing::Test {
 protected:
  void TearDown() override {
    ::unsetenv("SSL_CERT_FILE");
    std::filesystem::remove(file_);
  }
  /// Makes the machine's trust store for this process hold just this certificate.
  void trust(const Identity& identity) {
    std::string pattern = (std::filesystem::temp_directory_path() / "tokamark-ca-XXXXXX").string();
    const int descriptor = ::mkstemp(pattern.data());
    ASSERT_GE(descriptor, 0);
    file_ = pattern;
    std::FILE* file = ::fdopen(descriptor, "w");
    PEM_write_X509(file, identity.certificate);
    std::fclose(file);
    ::setenv("SSL_CERT_FILE", file_.c_str(), 1);
  }
  std::filesystem::path file_;
};

TEST_F(Tls, CarriesBytesBothWaysWithAStampOfTheirPacket) {
  const Identity identity;
  trust(identity);
  Session session(identity);
  Connection& connection = session.connection;
  ASSERT_EQ(connection.state(), Connection::State::open) << connection.error();
  ASSERT_EQ(connection.write("ping", 4), 4);
  char got[16];
  const Received answer = next(connection, got, sizeof got);
  ASSERT_EQ(answer.status, Received::Status::bytes);
  EXPECT_EQ(std::string(got, answer.size), "pong");
  const StampClock clock;
  if (answer.stamp_ns != 0) {
    EXPECT_LE(clock.to_monotonic(answer.stamp_ns), std::chrono::steady_clock::now());
  }
  EXPECT_EQ(next(connection, got, sizeof got).status, Received::Status::closed);
}

TEST_F(Tls, ARecordThatWaitsBehindTheOneReadIsNotForgotten) {
  const Identity identity;
  trust(identity);
  Session session(identity);
  Connection& connection = session.connection;
  ASSERT_EQ(connection.state(), Connection::State::open) << connection.error();
  ASSERT_EQ(connection.write("ping", 4), 4);
  pollfd closed{connection.socket(), POLLRDHUP, 0};  // then the answer and the goodbye are here
  ASSERT_EQ(::poll(&closed, 1, 10'000), 1);
  char got[16];
  const Received answer = next(connection, got, sizeof got);
  ASSERT_EQ(answer.size, 4U);
  EXPECT_FALSE(answer.drained);
  EXPECT_EQ(connection.read(got, sizeof got).status, Received::Status::closed);
}

TEST_F(Tls, ACertificateThatNobodyVouchesForIsRefusedInWords) {
  const Identity identity, other;
  trust(other);
  Session session(identity);
  Connection& connection = session.connection;
  ASSERT_EQ(connection.state(), Connection::State::failed);
  EXPECT_NE(connection.error().find("certificate verify failed"), std::string::npos)
      << connection.error();
}

}  // namespace
}  // namespace tokamark::net
