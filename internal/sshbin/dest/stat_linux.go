package dest

import (
	"syscall"
	"time"
)

func changeTime(st *syscall.Stat_t) time.Time { return time.Unix(st.Ctim.Unix()) }

func modTime(st *syscall.Stat_t) time.Time { return time.Unix(st.Mtim.Unix()) }
