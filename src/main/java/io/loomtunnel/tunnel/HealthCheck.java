package io.loomtunnel.tunnel;

import io.loomtunnel.http.Fields;
import io.loomtunnel.http.NotProcessedException;
import io.loomtunnel.http.RequestHead;
import io.loomtunnel.http.ResponseHead;
import io.loomtunnel.http.Transaction;
import io.loomtunnel.io.Deadline;
import io.loomtunnel.net.Watchdog;
import java.io.IOException;
import java.util.function.Consumer;

/// Asks the program behind one route of a client, through the tunnel and as a visitor would, whether it may have visitors. A 2xx or
/// 3xx is a yes. One no is enough while it is not known to be well; then it takes two in a row.
///
/// The timer of the process only starts a check, which has a virtual thread as long as it lasts. Ends by itself with the tunnel, or once that takes
/// no more requests.
final class HealthCheck {
    private static final int FAILURES = 2;             // in a row: one may be a hiccup
    private static final int MAX_CONTENT = 64 * 1024;  // that is read, so that the connection to the program can be used again
    private static final Fields ASKER = Fields.of("user-agent", "LoomTunnel-Health");

    private final Place place;
    private final Route.Http route;
    private final String path;
    private final HealthConfig config;
    private final Runnable onChange;
    private final Consumer<TunnelEvent.Checked> news;
    private int failures;                              // in a row; this and the next one are of the thread that checks
    private boolean reported;                          // that it is not well

    /// @param path     below the route's own
    /// @param onChange runs on a virtual thread whenever the place was changed
    /// @param news     is told of what is worth telling
    HealthCheck(Place place, Route.Http route, String path, HealthConfig config, Runnable onChange, Consumer<TunnelEvent.Checked> news) {
        this.place = place;
        this.route = route;
        this.path = route.path() + path;
        this.config = config;
        this.onChange = onChange;
        this.news = news;
    }

    /// Checks now, and again and again.
    void start() {
        if (!place.tunnel().over()) Thread.ofVirtual().name("loomtunnel-health").start(this::check);
    }

    private void check() {
        var fault = place.tunnel().suspect() ? null : ask();
        if (fault != null) judge(fault);
        boolean calm = place.well() && failures == 0;
        if (!place.tunnel().over()) Watchdog.PROCESS.limit(calm ? config.interval() : config.retry(), this::start);
    }

    private void judge(String fault) {
        failures = fault.isEmpty() ? 0 : failures + 1;
        boolean well = fault.isEmpty() || place.well() && failures < FAILURES;
        if (well != place.well()) {
            place.well(well);
            onChange.run();
        }
        if (well == reported) {
            reported = !well;
            news.accept(new TunnelEvent.Checked(place.tunnel(), route, fault));
        }
    }

    /// @return what is wrong, in one line; empty for nothing; null when the tunnel is to blame, of which others take care
    private String ask() {
        Transaction transaction;
        try {
            transaction = place.tunnel().send(new RequestHead("GET", "http", authority(), path, ASKER.copy()));
        } catch (IOException _) {
            return null;
        }
        var limit = Watchdog.PROCESS.limit(config.timeout(), transaction::cancel);
        try (limit) {
            transaction.content().end();
            var head = finalHead(transaction);
            finish(transaction);
            return head.status() < 400 ? "" : head.status() + " at " + path;
        } catch (NotProcessedException _) {
            return null;
        } catch (IOException e) {
            if (limit.passed()) return "no answer at " + path + " within " + config.timeout().toMillis() + " ms";
            return place.tunnel().over() ? null : "no answer at " + path + ": " + e.getMessage();
        } finally {
            transaction.cancel();
        }
    }

    private static ResponseHead finalHead(Transaction transaction) throws IOException {
        var head = transaction.response(Deadline.NEVER);           // but for the limit
        while (head.interim()) head = transaction.response(Deadline.NEVER);
        return head;
    }

    private static void finish(Transaction transaction) {
        try {
            transaction.body().readNBytes(MAX_CONTENT);
        } catch (IOException _) {
            // the head has said it all
        }
    }

    /// A host that the route covers. No client has one of that name for itself, as far as anybody can tell.
    private String authority() {
        var host = route.host();
        if (host.equals("*")) return "localhost";
        return host.startsWith("*.") ? "loomtunnel-health" + host.substring(1) : host;
    }
}
