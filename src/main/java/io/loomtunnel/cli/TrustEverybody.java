package io.loomtunnel.cli;

import java.net.Socket;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/// Accepts every certificate for every name: JSSE checks names only by what the extended kind does itself.
final class TrustEverybody extends X509ExtendedTrustManager {
    static final TrustEverybody MANAGER = new TrustEverybody();

    private TrustEverybody() {}

    @Override public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
