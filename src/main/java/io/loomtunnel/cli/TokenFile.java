package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.loomtunnel.tunnel.TokenEntry;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/// The file of `--tokens` as a server sees it: read again whenever it has changed. What cannot be read, or has a line that is none,
/// leaves the tokens from before in place, with one warning.
final class TokenFile implements Supplier<List<TokenEntry>> {
    private static final int LONGEST = 16 * 1024 * 1024;

    private final String file;
    private final Screen screen;
    private final AtomicReference<State> state;

    private record State(FileStamp stamp, List<TokenEntry> entries) {}

    /// @throws ExitException it cannot be read
    TokenFile(String file, Screen screen) throws ExitException {
        this.file = file;
        this.screen = screen;
        var stamp = FileStamp.of(file);        // before the content, so that what changes meanwhile is found next time
        state = new AtomicReference<>(new State(stamp, read(file)));
        if (writableByAll()) screen.warn("every user can change the tokens file " + Text.printable(file) + ": chmod 600 would end that");
    }

    @Override public List<TokenEntry> get() {
        for (;;) {
            var seen = state.get();
            var stamp = FileStamp.of(file);
            if (Objects.equals(stamp, seen.stamp)) return seen.entries;
            var entries = seen.entries;
            ExitException failure = null;
            try {
                entries = read(file);
            } catch (ExitException e) {
                failure = e;
            }
            if (!state.compareAndSet(seen, new State(stamp, entries))) continue;
            if (failure == null) screen.say("read again: " + Text.printable(file));
            else screen.warn(failure.getMessage() + "; the tokens from before stay in use");
            return entries;
        }
    }

    /// The entries of a file.
    /// @throws ExitException it cannot be read; or which line is none, and why
    static List<TokenEntry> read(String file) throws ExitException {
        return parse(file, text(file));
    }

    /// @param file for a message
    static List<TokenEntry> parse(String file, String text) throws ExitException {
        try {
            return TokenEntry.parseAll(text);
        } catch (IllegalArgumentException e) {
            throw ExitException.usage("tokens file " + Text.printable(file) + ", " + Text.reason(e), e);
        }
    }

    /// @throws ExitException it cannot be read
    static String text(String file) throws ExitException {
        try (var in = Files.newInputStream(Path.of(file))) {
            var bytes = in.readNBytes(LONGEST + 1);
            if (bytes.length > LONGEST) throw ExitException.usage("the tokens file " + Text.printable(file) + " is too long");
            return new String(bytes, UTF_8);
        } catch (ExitException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw ExitException.usage("cannot read the tokens file " + Text.printable(file) + ": there is no such file (loomtunnel token create makes it)", e);
        } catch (IOException | InvalidPathException e) {
            throw unusable("read", file, e);
        }
    }

    static ExitException unusable(String what, String file, Exception why) {
        var reason = why instanceof AccessDeniedException ? "permission denied" : Text.reason(why);
        return ExitException.usage("cannot " + what + " the tokens file " + Text.printable(file) + ": " + reason, why);
    }

    private boolean writableByAll() {
        try {
            var view = Files.getFileAttributeView(Path.of(file), PosixFileAttributeView.class);
            return view != null && view.readAttributes().permissions().contains(PosixFilePermission.OTHERS_WRITE);
        } catch (IOException _) {
            return false;
        }
    }
}
