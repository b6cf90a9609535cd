package io.loomtunnel.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// One block of a PEM file (RFC 7468). What stands between blocks is explanatory text.
///
/// @param label   what follows BEGIN: `CERTIFICATE`, `PRIVATE KEY`
/// @param content decoded; empty when it is encrypted in the old way of OpenSSL, by a header
record Pem(String label, byte[] content) {
    static final String ENCRYPTED = "ENCRYPTED PRIVATE KEY";

    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";
    private static final int LINE = 64;                 // RFC 7468 §2
    private static final int LONGEST = 1024 * 1024;

    /// The block as it stands in a file.
    String text() {
        var lines = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(content);
        return BEGIN + label + DASHES + "\n" + lines + "\n" + END + label + DASHES + "\n";
    }

    /// The blocks of a file, in their order.
    /// @throws ExitException it cannot be read, or is no PEM file
    static List<Pem> read(String file) throws ExitException {
        var name = Text.printable(file);
        try {
            byte[] bytes;
            try (var in = Files.newInputStream(Path.of(file))) {
                bytes = in.readNBytes(LONGEST + 1);
            }
            if (bytes.length > LONGEST) throw ExitException.usage(name + " is too long for a PEM file");
            return blocks(new String(bytes, StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            throw ExitException.usage("cannot read " + name + ": there is no such file", e);
        } catch (AccessDeniedException e) {
            throw ExitException.usage("cannot read " + name + ": permission denied", e);
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(name + " is no PEM file: " + Text.reason(e), e);
        } catch (ExitException e) {
            throw e;
        } catch (IOException e) {
            throw ExitException.usage("cannot read " + name + ": " + Text.reason(e), e);
        }
    }

    /// @throws IllegalArgumentException a block has no end, or is not Base64
    static List<Pem> blocks(String text) {
        var blocks = new ArrayList<Pem>();
        String label = null;
        boolean encrypted = false;
        var base64 = new StringBuilder();
        for (var each : (Iterable<String>) text.lines()::iterator) {
            var line = each.strip();
            if (label == null) {
                label = begun(line);
            } else if (line.startsWith(END)) {
                if (!line.equals(END + label + DASHES)) throw new IllegalArgumentException(label + " has another's end");
                if (encrypted) blocks.add(new Pem(ENCRYPTED, new byte[0]));
                else blocks.add(new Pem(label, Base64.getDecoder().decode(base64.toString())));
                label = null;
                encrypted = false;
                base64.setLength(0);
            } else if (line.startsWith("Proc-Type:")) {
                encrypted = line.contains("ENCRYPTED");     // RFC 1421 §4.6.1.1: OpenSSL's traditional keys
            } else if (line.indexOf(':') < 0) {
                base64.append(line);
            }
        }
        if (label != null) throw new IllegalArgumentException(label + " has no end");
        return blocks;
    }

    /// The label of the block that a line begins, or null.
    private static String begun(String line) {
        if (!line.startsWith(BEGIN) || !line.endsWith(DASHES)) return null;
        return line.substring(BEGIN.length(), Math.max(BEGIN.length(), line.length() - DASHES.length()));
    }
}
