package io.loomtunnel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.util.HexFormat;

/// Where the secret that clients and server share comes from. Never from the command line, which every user of the
/// machine can read in the list of processes; and it is in no message of ours.
final class Token {
    static final String VARIABLE = "LOOMTUNNEL_TOKEN";

    private static final int LONGEST = 4096;
    private static final int RANDOM_BYTES = 16;

    private Token() {}

    /// The token that was given: by `--token-file`, by `LOOMTUNNEL_TOKEN`, or by `LOOMTUNNEL_TOKEN_FILE`, the first of them that
    /// there is.
    /// @param screen gets a warning when the file is open to others
    /// @return empty when there is none
    /// @throws ExitException the file cannot be read, or what was given cannot be a token
    static String given(Arguments arguments, Screen screen) throws ExitException {
        var variable = arguments.variable(VARIABLE).strip();
        if (!variable.isEmpty() && !arguments.onCommandLine(Flag.TOKEN_FILE)) return checked(variable, VARIABLE);
        var file = arguments.value(Flag.TOKEN_FILE, "");
        return file.isEmpty() ? "" : read(file, screen);
    }

    /// Asks the person at the terminal, without showing what is typed.
    /// @return empty when there is no terminal
    /// @throws ExitException nothing was typed, or it cannot be a token
    static String prompted() throws ExitException {
        Console console = System.console();
        if (console == null || !console.isTerminal()) return "";
        var typed = console.readPassword("Token of the server: ");
        if (typed == null || typed.length == 0) throw ExitException.usage("no token was typed");
        return checked(new String(typed).strip(), "the token");
    }

    /// A new token of 128 random bits.
    static String made() {
        var bytes = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String read(String file, Screen screen) throws ExitException {
        try {
            var path = Path.of(file);
            byte[] bytes;
            try (var in = Files.newInputStream(path)) {
                bytes = in.readNBytes(LONGEST + 1);
            }
            if (bytes.length > LONGEST) throw ExitException.usage("the token file " + Text.printable(file) + " is too long");
            if (readableByAll(path)) {
                screen.warn("every user can read the token file " + Text.printable(file) + ": chmod 600 would end that");
            }
            var text = new String(bytes, UTF_8);
            int end = text.indexOf('\n');
            return checked((end < 0 ? text : text.substring(0, end)).strip(), "the first line of " + Text.printable(file));
        } catch (ExitException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw ExitException.usage("cannot read the token file " + Text.printable(file) + ": there is no such file", e);
        } catch (IOException | InvalidPathException e) {
            throw ExitException.usage("cannot read the token file " + Text.printable(file) + ": " + cause(e), e);
        }
    }

    private static String cause(Exception failure) {
        if (failure instanceof java.nio.file.AccessDeniedException) return "permission denied";
        return Text.reason(failure);
    }

    private static boolean readableByAll(Path path) throws IOException {
        var view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        return view != null && view.readAttributes().isRegularFile()
                && view.readAttributes().permissions().contains(PosixFilePermission.OTHERS_READ);
    }

    /// Printable ASCII without spaces is what an `Authorization: Bearer` field can carry for sure.
    private static String checked(String token, String source) throws ExitException {
        if (token.isEmpty()) throw ExitException.usage(source + " is empty: it should hold the token");
        for (int i = 0; i < token.length(); i++) {
            if (token.charAt(i) <= ' ' || token.charAt(i) > '~') {
                throw ExitException.usage(source + " holds a character that a token cannot have: letters, digits and signs of ASCII only");
            }
        }
        return token;
    }
}
