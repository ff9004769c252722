package io.taskresults.client;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/** An address at which nobody is served, and which counts how often somebody tries. */
final class ClosedDoor implements AutoCloseable {
  private final ServerSocket socket = new ServerSocket(0);
  private final AtomicInteger knocks = new AtomicInteger();

  ClosedDoor() throws IOException {
    Thread porter = new Thread(this::refuse);
    porter.setDaemon(true);
    porter.start();
  }

  String address() {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  int knocks() {
    return knocks.get();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private void refuse() {
    while (!socket.isClosed()) {
      try {
        Socket knocking = socket.accept();
        knocks.incrementAndGet();
        knocking.close();
      } catch (IOException closed) {
        return;
      }
    }
  }
}
