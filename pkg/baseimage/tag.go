package baseimage

func (i *Image) classify() {}
