import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.cert.X509Certificate;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// Fetches a page and all that it shows with the JDK's client: `java Fetch.java URL HTTP_1_1|HTTP_2`. Prints how many of
/// the assets came by which version.
public final class Fetch {
    public static void main(String[] arguments) throws Exception {
        var page = URI.create(arguments[0]);
        var tls = SSLContext.getInstance("TLS");
        tls.init(null, new TrustManager[] {new Anybody()}, null);
        try (var client = HttpClient.newBuilder().version(HttpClient.Version.valueOf(arguments[1])).sslContext(tls).build()) {
            var html = client.send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString()).body();
            var assets = Pattern.compile("src=\"([^\"]+)\"").matcher(html).results()
                    .map(found -> client.sendAsync(HttpRequest.newBuilder(page.resolve(found.group(1))).build(), BodyHandlers.ofString()))
                    .toList().stream().map(CompletableFuture::join).toList();
            var good = assets.stream().filter(asset -> asset.statusCode() == 200 && asset.body().contains(asset.uri().getPath()))
                    .collect(Collectors.groupingBy(asset -> asset.version(), TreeMap::new, Collectors.counting()));
            IO.println(good);
        }
    }

    /// Trusts the certificate that this run has made.
    private static final class Anybody extends X509ExtendedTrustManager {
        @Override public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
