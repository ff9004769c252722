import ssl

import grpc
import trustme
from conftest import Connect
from support.link import Link
from support.server import Server


def test_tls_on_request(connect: Connect, server: Server) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    authority.issue_cert("127.0.0.1").configure_cert(context)
    link = Link(server.port, context)
    try:
        roots = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
        assert connect(link.address, tls=roots).create("app.tasks.add").revision == 1
    finally:
        link.close()
