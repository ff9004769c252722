package io.taskresults.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A link to a server that can be cut without a word: what is under way then is neither delivered
 * nor refused.
 */
final class Link implements AutoCloseable {
  private final ServerSocket entrance;
  private final int target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger links = new AtomicInteger();
  private volatile int newestCut;

  /** The entrance is given, so that it may speak TLS. */
  Link(ServerSocket entrance, int target) {
    this.entrance = entrance;
    this.target = target;
    inBackground(this::accept);
  }

  static Link to(int target) throws IOException {
    return new Link(new ServerSocket(0), target);
  }

  String address() {
    return "localhost:" + entrance.getLocalPort();
  }

  /** From here on nothing goes through the connections there are. New ones are as good as ever. */
  void cut() {
    newestCut = links.get();
  }

  int connections() {
    return links.get();
  }

  @Override
  public void close() throws IOException {
    entrance.close();
    for (Socket socket : sockets) socket.close();
  }

  private void accept() throws IOException {
    while (true) {
      Socket inner = entrance.accept();
      Socket outer = new Socket("127.0.0.1", target);
      sockets.add(inner);
      sockets.add(outer);
      int number = links.incrementAndGet();
      inBackground(() -> pump(number, inner, outer));
      inBackground(() -> pump(number, outer, inner));
    }
  }

  private void pump(int number, Socket from, Socket to) throws IOException {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] bytes = new byte[16_384];
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        if (number <= newestCut) continue;
        out.write(bytes, 0, count);
        out.flush();
      }
    }
  }

  private interface Pumping {
    void run() throws IOException;
  }

  /** Ends when a socket is closed. */
  private static void inBackground(Pumping work) {
    Thread thread = new Thread(() -> {
      try {
        work.run();
      } catch (IOException closed) {
        return;
      }
    });
    thread.setDaemon(true);
    thread.start();
  }
}
