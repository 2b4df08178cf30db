"""Certificates that live as long as a test, made with the openssl command."""

import subprocess

CONFIG = """
[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
crlnumber = {folder}/crlnumber
private_key = {folder}/ca.key
certificate = {folder}/ca.pem
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
[any]
commonName = optional
"""
PAST = ("20200101000000Z", "20200102000000Z")


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


class Certificate:
    """The files of one: cert.pem and key, as paths."""

    def __init__(self, cert, key):
        self.cert, self.key = cert, key

    def fingerprint(self):
        text = openssl("x509", "-in", self.cert, "-noout", "-fingerprint", "-sha256")
        return text.strip().split("=")[1].replace(":", "").lower()


class Authority:
    """Signs certificates in a folder of its own, and revokes them."""

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.folder = folder
        self.pem = folder / "ca.pem"
        for name, text in (("index.txt", ""), ("index.txt.attr", "unique_subject = no\n"),
                           ("serial", "01\n"), ("crlnumber", "01\n"),
                           ("ca.cnf", CONFIG.format(folder=folder))):
            (folder / name).write_text(text)
        self._request("ca", f"/CN={folder.name}", self.pem, "-x509", "-days", 2)

    def _request(self, name, subject, out, *words, key="ec"):
        kind = {"ec": ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"), "rsa": ("rsa:2048",)}
        openssl("req", "-newkey", *kind[key], "-nodes",
                "-subj", subject, "-keyout", self.folder / f"{name}.key", "-out", out, *words)

    def _ca(self, *words):
        return openssl("ca", "-batch", "-config", self.folder / "ca.cnf", *words)

    def issue(self, name, san="DNS:localhost,IP:127.0.0.1", subject=None, dates=None, key="ec"):
        """A certificate for `name`; `dates` are its begin and its end."""
        cert, request = self.folder / f"{name}.pem", self.folder / f"{name}.csr"
        self._request(name, subject or f"/CN={name}", request, key=key)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName = {san}\n" if san else "basicConstraints = CA:FALSE")
        times = ("-startdate", dates[0], "-enddate", dates[1]) if dates else ()
        self._ca("-in", request, "-out", cert, "-notext", "-extfile", extensions, *times)
        return Certificate(cert, self.folder / f"{name}.key")

    def revoke(self, certificate):
        self._ca("-revoke", certificate.cert)

    def ocsp(self, certificate, name="ocsp.der", minutes=60):
        """What a responder of this authority says of the certificate now."""
        request, answer = self.folder / "ocsp.req", self.folder / name
        openssl("ocsp", "-issuer", self.pem, "-cert", certificate.cert, "-no_nonce",
                "-reqout", request)
        openssl("ocsp", "-index", self.folder / "index.txt", "-rsigner", self.pem,
                "-rkey", self.folder / "ca.key", "-CA", self.pem, "-reqin", request,
                "-respout", answer, "-nmin", minutes)
        return answer

    def crl(self):
        """The list of those that were revoked until now."""
        path = self.folder / "crl.pem"
        self._ca("-gencrl", "-out", path)
        return path
