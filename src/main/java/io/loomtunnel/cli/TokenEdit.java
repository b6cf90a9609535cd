package io.loomtunnel.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;

/// Changes a tokens file as a whole: a new file takes the old one's place, so that whoever reads it reads the one or the other.
/// Who changes it holds a lock on it, so that of two changes none is lost.
final class TokenEdit {
    private TokenEdit() {}

    /// From the text of a file to the text that it should have.
    @FunctionalInterface
    interface Change {
        /// @throws ExitException it makes no sense
        String apply(String text) throws ExitException;
    }

    /// Makes the change.
    /// @throws ExitException the file cannot be read or written, or the change makes no sense
    static void change(String file, Change change) throws ExitException {
        apply(file, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE), change);
    }

    /// Makes the change, and before it the file, for its owner alone, when there is none.
    /// @throws ExitException the file cannot be read or written, or the change makes no sense
    static void make(String file, Change change) throws ExitException {
        apply(file, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE), change);
    }

    private static void apply(String file, Set<StandardOpenOption> how, Change change) throws ExitException {
        try {
            var path = Path.of(file);
            while (!applied(path, how, change)) { }
        } catch (ExitException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw ExitException.usage("cannot change the tokens file " + Text.printable(file) + ": there is no such file or folder", e);
        } catch (IOException | InvalidPathException e) {
            throw TokenFile.unusable("change", file, e);
        }
    }

    /// @return false when another file came into the place of the one that was opened, before it was locked
    private static boolean applied(Path path, Set<StandardOpenOption> how, Change change) throws IOException {
        var before = FileStamp.of(path.toString());
        try (var channel = FileChannel.open(path, how, forOwner(path)); var _ = channel.lock()) {
            var now = FileStamp.of(path.toString());
            if (before == null || now == null || !Objects.equals(before.inode(), now.inode())) return false;
            replace(path.toRealPath(), change.apply(TokenFile.text(path.toString())));
            return true;
        }
    }

    private static void replace(Path path, String text) throws IOException {
        var fresh = Files.createTempFile(path.getParent(), path.getFileName().toString(), ".new");
        try {
            Files.writeString(fresh, text);
            keepAttributes(path, fresh);
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /// The server may run as another user than who makes the change.
    private static void keepAttributes(Path from, Path to) throws IOException {
        var old = Files.getFileAttributeView(from, PosixFileAttributeView.class);
        var fresh = Files.getFileAttributeView(to, PosixFileAttributeView.class);
        if (old == null || fresh == null) return;
        var wanted = old.readAttributes();
        var given = fresh.readAttributes();
        if (!wanted.owner().equals(given.owner())) fresh.setOwner(wanted.owner());
        if (!wanted.group().equals(given.group())) fresh.setGroup(wanted.group());
        fresh.setPermissions(wanted.permissions());
    }

    private static FileAttribute<?>[] forOwner(Path path) {
        boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
                : new FileAttribute<?>[0];
    }
}
