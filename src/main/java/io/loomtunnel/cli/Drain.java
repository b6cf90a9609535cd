package io.loomtunnel.cli;

import java.time.Duration;

/// What SIGTERM and Ctrl-C do: what is open gets some time to finish, then the process ends with status 0. A second
/// signal ends it at once.
///
/// It is a shutdown hook that halts the JVM: a hook that returns would leave the status of the signal, 143 or 130.
final class Drain {
    /// How long requests under way may take, unless something else was said.
    static final Duration GRACE = Duration.ofSeconds(30);
    /// How long a balancer is given to see that the server is not ready.
    static final Duration DELAY = Duration.ofSeconds(5);

    private final Screen screen;
    private final AutoCloseable open;
    private final Duration delay;
    private final Duration grace;
    private final Thread hook = new Thread(this::drain, "loomtunnel-drain");

    private Drain(Screen screen, AutoCloseable open, Duration delay, Duration grace) {
        this.screen = screen;
        this.open = open;
        this.delay = delay;
        this.grace = grace;
    }

    /// From now on a signal closes `open`.
    /// @param delay for which `open` goes on accepting
    /// @param grace by which `open` bounds its `close` after that
    static Drain onSignal(Screen screen, AutoCloseable open, Duration delay, Duration grace) {
        var drain = new Drain(screen, open, delay, grace);
        Runtime.getRuntime().addShutdownHook(drain.hook);
        return drain;
    }

    /// The command ends by itself: its own status counts. Does not return when a signal came before.
    void callOff() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            join();
        }
    }

    private void join() {
        try {
            hook.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void drain() {
        int status = ExitException.DONE;
        try {
            endAtOnceOn("TERM");
            endAtOnceOn("INT");
            var visitors = delay.isZero() ? "" : "visitors are served for " + text(delay) + " more, ";
            screen.say("ending: " + visitors + "requests under way have " + text(grace) + "; a second signal ends at once");
            open.close();
        } catch (Exception e) {
            screen.warn("not ended in order: " + Text.reason(e));
            status = ExitException.FAILURE;
        }
        Runtime.getRuntime().halt(status);
    }

    private static String text(Duration time) {
        return time.toMillis() % 1_000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    /// While hooks run the JVM ignores further signals, unless they are handled.
    private static void endAtOnceOn(String name) {
        Signals.handle(name, number -> Runtime.getRuntime().halt(128 + number));
    }
}
