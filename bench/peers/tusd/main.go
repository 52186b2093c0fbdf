// tusd's own packages (handler, file store, file locker) behind a bare main, without hooks, metrics and logs: as light as it
// gets. tusd PORT DIR; ends by itself after half an hour.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/tus/tusd/v2/pkg/filelocker"
	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog"
)

func main() {
	composer := handler.NewStoreComposer()
	filestore.New(os.Args[2]).UseIn(composer)
	filelocker.New(os.Args[2]).UseIn(composer)
	tus, err := handler.NewHandler(handler.Config{
		BasePath:      "/files/",
		StoreComposer: composer,
		Logger:        slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		log.Fatal(err)
	}
	time.AfterFunc(30*time.Minute, func() { os.Exit(0) })
	http.Handle("/files/", http.StripPrefix("/files/", tus))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
