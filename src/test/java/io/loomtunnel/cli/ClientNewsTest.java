package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.SessionEvent;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClientNewsTest {
    private static final Route APP = Route.of("app.example.com");
    private static final List<String> URL = List.of("http://app.example.com:8080/");

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final ClientNews news = news();

    private ClientNews news() {
        var screen = new PrintStream(said, true, UTF_8);
        var news = new ClientNews(new Screen(screen, screen));
        news.expect(Map.of(APP, "http://127.0.0.1:3000"));
        return news;
    }

    @Test void aLossAndAReturnAreALineEach() {
        assertEquals("http://app.example.com:8080 -> http://127.0.0.1:3000\n", tell(attached("edge:7835")));
        assertEquals("loomtunnel: lost the server (cut), attaching again\n", tell(new SessionEvent.Lost("edge:7835", "cut")));
        assertEquals("loomtunnel: refused, trying again\n", tell(retrying("edge:7835", "refused")));
        assertEquals("", tell(retrying("edge:7835", "refused")));
        assertEquals("attached again\n", tell(attached("edge:7835")));
        assertEquals("", tell(retrying("edge:7835", "shutting down")), "it still serves");
    }

    @Test void whoChangesHostsHearsWhatTheServerSays() {
        tell(attached("edge:7835"));
        news.expect(Map.of(Route.of("new.example.com"), "http://127.0.0.1:4000"));
        assertEquals("loomtunnel: new.example.com is taken, trying again\n", tell(retrying("edge:7835", "new.example.com is taken")));
        assertEquals("", tell(retrying("edge:7835", "new.example.com is taken")));
        assertEquals("loomtunnel: the server refuses the change (not yours): the hosts and services from before stay registered\n",
                tell(new SessionEvent.Kept("edge:7835", 403, "not yours")));
        assertEquals("", tell(retrying("edge:7835", "shutting down")), "it still serves");
    }

    @Test void ofSeveralServersEachLineSaysWhich() {
        assertEquals("loomtunnel: cannot connect to two:7835, trying again\n", tell(retrying("two:7835", "cannot connect to two:7835")));
        assertEquals("http://app.example.com:8080 -> http://127.0.0.1:3000\n", tell(attached("one:7835")));
        assertEquals("", tell(retrying("two:7835", "cannot connect to two:7835")));
        assertEquals("attached to two:7835, too\n", tell(attached("two:7835")));
        assertEquals("loomtunnel: lost one:7835 (cut), attaching again\n", tell(new SessionEvent.Lost("one:7835", "cut")));
        assertEquals("attached again to one:7835\n", tell(attached("one:7835")));
        assertEquals("loomtunnel: three:7835 refused this client: no\n", tell(new SessionEvent.Refused("three:7835", 401, "no", false)));
        assertEquals("no longer attached to two:7835: the name does not lead there any more\n", tell(new SessionEvent.Left("two:7835")));
        assertEquals("", tell(new SessionEvent.Left("four:7835")), "nobody knew of it");
    }

    @Test void aServerWithOtherAddressesForVisitorsShowsThem() {
        tell(attached("one:7835"));
        assertEquals("http://app.example.com:9090 -> http://127.0.0.1:3000\nattached to two:7835, too\n",
                tell(new SessionEvent.Attached("two:7835", List.of(APP), List.of("http://app.example.com:9090/"))));
    }

    private static SessionEvent attached(String server) {
        return new SessionEvent.Attached(server, List.of(APP), URL);
    }

    private static SessionEvent retrying(String server, String reason) {
        return new SessionEvent.Retrying(server, reason, Duration.ZERO);
    }

    private String tell(SessionEvent event) {
        said.reset();
        news.tell(event);
        return said.toString(UTF_8).replace(System.lineSeparator(), "\n");
    }
}
