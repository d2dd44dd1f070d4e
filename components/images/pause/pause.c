/*
 * The first process of a pod: it holds the pod's namespaces until the pod goes, and collects the processes that the pod's containers leave
 * behind (as process 1 it inherits them where containers share the process namespace).
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

int main(void)
{
	sigset_t signals;
	int arrived;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	/* Blocked signals wait until they are fetched, so none is lost between two rounds; and no handler has to be safe. */
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return EXIT_FAILURE;

	for (;;) {
		if (sigwait(&signals, &arrived) != 0)
			return EXIT_FAILURE;
		if (arrived != SIGCHLD)
			return EXIT_SUCCESS;
		/* One signal may stand for several dead children. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}
