package io.loomtunnel.cli;

import java.util.Objects;

/// A certificate's file and its key's, and what they were like when they were read.
final class CertificateFiles {
    private final String certificate;
    private final String key;
    private FileStamp ofCertificate;        // null while there is no such file, as is the next one
    private FileStamp ofKey;

    CertificateFiles(String certificate, String key) {
        this.certificate = certificate;
        this.key = key;
    }

    /// @throws ExitException as [Certificate#read]
    Certificate read() throws ExitException {
        return Certificate.read(certificate, key);
    }

    /// Whether a file is another than at the last call. Asked before each [#read], so that a change meanwhile is found
    /// by the next.
    boolean changed() {
        var c = FileStamp.of(certificate);
        var k = FileStamp.of(key);
        if (Objects.equals(c, ofCertificate) && Objects.equals(k, ofKey)) return false;
        ofCertificate = c;
        ofKey = k;
        return true;
    }

    @Override public String toString() {
        return Text.printable(certificate);
    }
}
