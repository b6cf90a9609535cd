package io.loomtunnel.cli;

import io.loomtunnel.cli.IssuedCertificate.Purpose;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// `loomtunnel keygen`: makes a CA, and with it a certificate for a server and one for each client. What is there already stays: a later
/// call adds a client, or renews what was removed, by the same CA.
final class KeygenCommand {
    private static final String AUTHORITY = "ca";
    private static final String SERVER = "server";
    private static final String CLIENT = "client";
    private static final List<String> THIS_MACHINE = List.of("localhost", "127.0.0.1", "::1");
    private static final Duration AUTHORITY_TIME = Duration.ofDays(3652);
    private static final int USUAL_DAYS = 825;
    private static final int MOST_DAYS = 3650;

    private final Arguments arguments;
    private final Screen screen;

    KeygenCommand(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
    }

    /// @throws ExitException something to be made is there already, or a file cannot be written
    int run() throws ExitException {
        var hosts = hosts();
        var clients = new ArrayList<>(arguments.values(Flag.KEYGEN_CLIENT));
        for (var client : clients) check(client);
        if (new HashSet<>(clients).size() < clients.size()) throw ExitException.usage(Flag.KEYGEN_CLIENT + " names a client twice");
        var time = Duration.ofDays(days());
        var folder = folder();
        if (hosts.isEmpty() && clients.isEmpty()) {
            hosts = THIS_MACHINE;
            screen.say("for a server that is only reached from this machine; " + Flag.KEYGEN_HOST + " " + Flag.KEYGEN_HOST.word() + " names another");
        }
        if (clients.isEmpty() && !Files.exists(certificate(folder, CLIENT))) clients.add(CLIENT);
        var wanted = new ArrayList<String>();
        if (!hosts.isEmpty()) wanted.add(SERVER);
        wanted.addAll(clients);
        for (var name : wanted) {
            if (Files.exists(certificate(folder, name)) || Files.exists(key(folder, name))) {
                throw ExitException.usage(certificate(folder, name) + " or its key is there already: remove both to have new ones");
            }
        }
        var authority = authority(folder);
        if (!hosts.isEmpty()) write(folder, SERVER, authority.issue(Purpose.SERVER, hosts.getFirst(), hosts, time));
        for (var client : clients) write(folder, client, authority.issue(Purpose.CLIENT, client, List.of(), time));
        advise(folder, hosts, clients);
        return ExitException.DONE;
    }

    private List<String> hosts() throws ExitException {
        var hosts = new ArrayList<String>();
        for (var host : arguments.values(Flag.KEYGEN_HOST)) {
            if (!isAddress(host) && !isName(host.startsWith("*.") ? host.substring(2) : host)) {
                throw ExitException.usage(Flag.KEYGEN_HOST + " " + Text.printable(host) + " is neither a host name nor an address");
            }
            hosts.add(host);
        }
        return hosts;
    }

    private static boolean isAddress(String text) {
        try {
            InetAddress.ofLiteral(text);
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private static boolean isName(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > '~' || !Character.isLetterOrDigit(c) && c != '-' && c != '.' && c != '_') return false;
        }
        return !text.isEmpty() && text.charAt(0) != '-' && text.charAt(0) != '.';
    }

    /// It names files.
    private static void check(String client) throws ExitException {
        if (!isName(client) || client.equals(AUTHORITY) || client.equals(SERVER)) {
            throw ExitException.usage(Flag.KEYGEN_CLIENT + " " + Text.printable(client) + ": a client's name has letters, digits, - _ and ., and is neither "
                    + AUTHORITY + " nor " + SERVER);
        }
    }

    private int days() throws ExitException {
        var text = arguments.value(Flag.KEYGEN_DAYS, Integer.toString(USUAL_DAYS));
        int days = Endpoint.isNumber(text) && text.length() < 6 ? Integer.parseInt(text) : 0;
        if (days < 1 || days > MOST_DAYS) throw ExitException.usage(Flag.KEYGEN_DAYS + " " + Text.printable(text) + ": expected 1 to " + MOST_DAYS);
        return days;
    }

    private Path folder() throws ExitException {
        var typed = arguments.value(Flag.KEYGEN_DIR, ".");
        try {
            return Files.createDirectories(Path.of(typed));
        } catch (IOException | InvalidPathException e) {
            throw ExitException.usage(Flag.KEYGEN_DIR + " " + Text.printable(typed) + ": " + cause(e), e);
        }
    }

    private static Path certificate(Path folder, String name) {
        return folder.resolve(name + ".pem");
    }

    private static Path key(Path folder, String name) {
        return folder.resolve(name + "-key.pem");
    }

    private IssuedCertificate authority(Path folder) throws ExitException {
        var file = certificate(folder, AUTHORITY);
        if (!Files.exists(file)) {
            var made = IssuedCertificate.selfSigned(Purpose.AUTHORITY, "LoomTunnel CA", List.of(), AUTHORITY_TIME);
            write(folder, AUTHORITY, made);
            return made;
        }
        var found = Certificate.read(file.toString(), key(folder, AUTHORITY).toString());
        var certificate = found.chain().getFirst();
        if (certificate.getBasicConstraints() < 0 || !found.key().getAlgorithm().equals("EC")) {
            throw ExitException.usage(file + " is no CA that this command has made: choose another " + Flag.KEYGEN_DIR);
        }
        return new IssuedCertificate(new KeyPair(certificate.getPublicKey(), found.key()), certificate);
    }

    private void write(Path folder, String name, IssuedCertificate made) throws ExitException {
        write(key(folder, name), made.keyPem(), true);
        write(certificate(folder, name), made.certificatePem(), false);
    }

    private void write(Path file, String text, boolean secret) throws ExitException {
        try {
            boolean posix = Files.getFileStore(file.toAbsolutePath().getParent()).supportsFileAttributeView("posix");
            var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
            var attributes = secret && posix ? new FileAttribute<?>[] {mode} : new FileAttribute<?>[0];
            Files.writeString(Files.createFile(file, attributes), text);
            screen.say("made " + file + (secret ? ", a secret" : ""));
        } catch (FileAlreadyExistsException e) {
            throw ExitException.usage(file + " is there already: remove it to have a new one", e);
        } catch (IOException e) {
            throw ExitException.failure("cannot write " + file + ": " + cause(e), e);
        }
    }

    private static String cause(Exception failure) {
        if (failure instanceof java.nio.file.AccessDeniedException) return "permission denied";
        return Text.reason(failure);
    }

    private void advise(Path folder, List<String> hosts, List<String> clients) throws ExitException {
        var ca = certificate(folder, AUTHORITY);
        if (!hosts.isEmpty()) {
            screen.say("the server:  loomtunnel server --bind 0.0.0.0 " + Flag.TLS_CERT + " " + certificate(folder, SERVER) + " " + Flag.TLS_KEY + " "
                    + key(folder, SERVER) + (clients.isEmpty() ? "" : " " + Flag.TLS_CLIENT_CA + " " + ca));
        }
        var server = hosts.isEmpty() ? "HOST" : new Endpoint(hosts.getFirst(), 7835).toString();
        for (var client : clients.isEmpty() ? List.of("") : clients) {
            screen.say("the client:  loomtunnel client --server https://" + server + " " + Flag.TLS_CA + " " + ca
                    + (client.isEmpty() ? "" : " " + Flag.CLIENT_CERT + " " + certificate(folder, client) + " " + Flag.CLIENT_KEY + " " + key(folder, client))
                    + " --http 3000");
        }
        screen.say("keep " + key(folder, AUTHORITY) + " where neither server nor client runs: whoever has it can make certificates");
    }
}
