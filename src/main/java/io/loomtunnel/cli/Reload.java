package io.loomtunnel.cli;

import static java.util.stream.Collectors.joining;

import io.loomtunnel.io.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Applies what has changed in a configuration file while the program runs: looks each second, and at once on SIGHUP. A file with a mistake
/// changes nothing. What only a start can apply is named, and left.
///
/// `lock` guards `asked`; everything else belongs to the one thread that looks.
final class Reload {
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Target target;
    private final Screen screen;
    private final String file;
    private final Arguments started;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition hurry = lock.newCondition();           // `asked` is set
    private boolean asked;
    private Arguments applied;
    private FileStamp stamp;

    /// A running program.
    interface Target {
        /// The flags that it can apply while it runs.
        List<Flag> live();

        /// @throws ExitException with these arguments it would not start
        void check(Arguments next) throws ExitException;

        /// Applies those of the [#live] flags that have changed.
        /// @throws ExitException it could not, and has changed nothing
        void apply(Arguments next, List<Flag> changed) throws IOException;
    }

    /// @param started with a configuration file
    Reload(Arguments started, Target target, Screen screen) {
        this.started = started;
        this.target = target;
        this.screen = screen;
        applied = started;
        file = started.config().file();
        stamp = started.stamp();
    }

    /// Looks from now on, as long as the program runs.
    void start() {
        Signals.handle("HUP", _ -> ask());
        Thread.ofVirtual().name("loomtunnel-config").start(this::run);
    }

    private void ask() {
        lock.lock();
        try {
            asked = true;
            hurry.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            for (;;) look(awaitOccasion());
        } catch (IOException _) {
            // interrupted: nobody looks any more
        }
    }

    /// @return whether somebody asked
    private boolean awaitOccasion() throws IOException {
        var next = Deadline.after(PAUSE);
        lock.lock();
        try {
            while (!asked) next.await(hurry);
            asked = false;
            return true;
        } catch (SocketTimeoutException _) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    /// Looks once.
    /// @param even when the file seems to be the same
    void look(boolean even) {
        var now = FileStamp.of(file);
        if (!even && Objects.equals(now, stamp)) return;
        stamp = now;
        try {
            apply(ConfigFile.read(file));
        } catch (IOException e) {
            screen.warn(Text.reason(e) + "; nothing was changed");
        } catch (RuntimeException e) {
            screen.warn(Text.printable(file) + " could not be applied: " + Text.reason(e));
        }
    }

    private void apply(ConfigFile config) throws IOException {
        var problems = ConfigCheck.problems(config, started.command());
        if (!problems.isEmpty()) {
            problems.forEach(screen::warn);
            screen.warn(Text.printable(file) + " has mistakes: nothing was changed");
            return;
        }
        var next = started.with(config, stamp);
        try {
            target.check(next);
        } catch (ExitException e) {
            throw ExitException.usage(config.at(e.getMessage()), e);
        }
        var live = changed(applied, next, target.live(), true);
        if (!live.isEmpty()) target.apply(next, live);
        applied = next;
        var later = changed(started, next, target.live(), false);
        if (!live.isEmpty()) screen.say("applied from " + Text.printable(file) + ": " + names(live));
        if (!later.isEmpty()) screen.say("needs a restart, not applied: " + names(later));
        if (live.isEmpty() && later.isEmpty()) screen.say("read again, nothing is different: " + Text.printable(file));
    }

    /// @param among those in `live`, or those that are not
    private static List<Flag> changed(Arguments before, Arguments after, List<Flag> live, boolean among) {
        var changed = new ArrayList<Flag>();
        for (var flags : List.of(after.command().flags(), after.command().limits())) {
            for (var flag : flags) if (live.contains(flag) == among && !before.all(flag).equals(after.all(flag))) changed.add(flag);
        }
        return changed;
    }

    private static String names(List<Flag> flags) {
        return flags.stream().map(Flag::toString).collect(joining(", "));
    }
}
